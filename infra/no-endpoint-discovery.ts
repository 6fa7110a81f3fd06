// Takes the place of `@aws-sdk/middleware-endpoint-discovery` in bundles. DynamoDB has one address for each region, and the
// SDK looks for others only where an environment variable tells it to; its cache for them would be 9 kB of every bundle.

/** What the SDK reads from the environment to know whether to look: it is never told to. */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => false,
  configFileSelector: () => false,
  default: false,
};

/** Adds nothing to a client's configuration. */
export const resolveEndpointDiscoveryConfig = <T>(config: T): T => config;
