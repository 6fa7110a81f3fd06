// Replaces `@aws-sdk/middleware-endpoint-discovery` in bundles. DynamoDB has one endpoint for each region, and the SDK discovers others only if
// an environment variable says so; its cache for them would add 9 kB to every bundle.

/** The setting by which the SDK decides whether to discover endpoints: always off. */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => false,
  configFileSelector: () => false,
  default: false,
};

/** Adds nothing to a client's configuration. */
export const resolveEndpointDiscoveryConfig = <T>(config: T): T => config;
