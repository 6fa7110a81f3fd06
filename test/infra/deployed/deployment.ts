// A deployment of a template on this machine: its table in the embedded engine, its functions as processes, each with the
// environment and the permissions of the template, and the services between them with the little that they do here.

import type { APIGatewayProxyResult } from "hono/aws-lambda";
import { type Command, type EngineProxy, engineProxy } from "../engine-proxy.ts";
import { accessesOf } from "../recorded-table.ts";
import { type Assembly, idOf, resourcesOfType, type TemplateFile, theResource } from "./assembly.ts";
import { letsThrough } from "./event-filter.ts";
import { mayInvoke, routed, type SentRequest, throughDoor } from "./front.ts";
import { type FunctionProcess, startFunction } from "./function-process.ts";
import { allowsAccess, allowsOnStream, statementsOf } from "./policy.ts";
import { type DeployedTable, deployTable, type StreamRecord } from "./table.ts";

const DOOR = "d111111abcdef8.cloudfront.net";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Deployment {
  readonly tableName: string;
  /** The URL in the outputs of the stack. */
  readonly serviceUrl: string;
  /** Sends a request to the front door. */
  send(request: SentRequest): Promise<Answer>;
  /** Delivers what is new in the table's stream, as the event source mapping says; gives the records that were delivered. */
  stream(): Promise<StreamRecord[]>;
  /** Lets the rule of a schedule come by. */
  schedule(expression: string): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Deploys a template with the bundles of the assembly, and with its own table or the one that it adopts. Throws when it refers
 * to something that does not exist.
 */
export async function deployed(
  template: TemplateFile,
  assembly: Assembly,
  endpoint: string,
  adopted?: DeployedTable,
): Promise<Deployment> {
  const table = adopted ?? (await deployTable(template, endpoint));
  const running = new Map<string, { process: FunctionProcess; proxy: EngineProxy }>();

  /** A value of the template, as far as it can be known. */
  // biome-ignore lint/suspicious/noExplicitAny: values are text or functions of CloudFormation.
  function resolved(value: any): string {
    if (typeof value === "string") return value;
    if (value.Ref === table.id) return table.name;
    const [doorId] = theResource(template, "AWS::CloudFront::Distribution");
    if (value["Fn::GetAtt"]?.[0] === doorId && value["Fn::GetAtt"][1] === "DomainName") return DOOR;
    if (value["Fn::Join"] !== undefined) return value["Fn::Join"][1].map(resolved).join(value["Fn::Join"][0]);
    throw new Error(`a value that is not known here: ${JSON.stringify(value)}`);
  }

  async function start(id: string): Promise<FunctionProcess> {
    const resource = template.Resources[id];
    if (resource?.Type !== "AWS::Lambda::Function") throw new Error(`there is no function ${id}`);
    const { Code, Handler, Environment, Role } = resource.Properties;
    const statements = statementsOf(template, idOf(Role));
    const proxy = await engineProxy(endpoint, ({ name, input }: Command) => {
      const tables = JSON.stringify(input).match(/"TableName":"[^"]+"/g) ?? [];
      const isOther = tables.some((one) => one !== `"TableName":"${table.name}"`);
      const refused = accessesOf(name, input).filter((access) => !allowsAccess(statements, table, access));
      if (refused.length === 0 && !isOther) return null;
      return {
        exception: "AccessDeniedException",
        fields: { Message: `${id} is not authorized to perform: ${JSON.stringify(refused[0] ?? tables)}` },
      };
    });
    const variables = Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [name, resolved(value)]);
    const process = startFunction(assembly.folderOf(resolved(Code.S3Key)), Handler, {
      ...Object.fromEntries(variables),
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_SESSION_TOKEN: "test",
      // On AWS the SDK knows where DynamoDB is; and the functions run on a Node that it does not warn of.
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    });
    running.set(id, { process, proxy });
    return process;
  }

  const functionOf = async (id: string): Promise<FunctionProcess> => running.get(id)?.process ?? start(id);

  return {
    tableName: table.name,
    serviceUrl: resolved(template.Outputs["ServiceUrl"]?.Value),
    send: async (request) => {
      const route = routed(template, throughDoor(template, request));
      // As API Gateway answers what has no route.
      if (route === null) return { status: 404, headers: {}, body: Buffer.from('{"message":"Not Found"}') };
      // The adapter answers in this shape.
      const answer = (await (await functionOf(route.functionId)).invoke(route.event)) as APIGatewayProxyResult;
      return {
        status: answer.statusCode,
        headers: Object.fromEntries(Object.entries(answer.headers ?? {}).map(([name, value]) => [name, String(value)])),
        body: Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8"),
      };
    },
    stream: async () => {
      const [, { Properties: mapping }] = theResource(template, "AWS::Lambda::EventSourceMapping");
      const functionId = idOf(mapping.FunctionName);
      const roleId = idOf(template.Resources[functionId]?.Properties.Role);
      const statements = statementsOf(template, roleId);
      for (const action of ["GetRecords", "GetShardIterator", "DescribeStream"]) {
        if (!allowsOnStream(statements, `dynamodb:${action}`, table)) throw new Error(`no right to ${action}`);
      }
      const { BatchSize: most, MaximumBatchingWindowInSeconds: window = 0 } = mapping;
      if (most > 10_000 || (most > 10 && window === 0))
        throw new Error(`Lambda takes no batch of ${most} in ${window} s`);
      const patterns: string[] | undefined = mapping.FilterCriteria?.Filters.map(
        ({ Pattern }: { Pattern: string }) => Pattern,
      );
      const records = (await table.newRecords()).filter(
        (record) => patterns === undefined || patterns.some((pattern) => letsThrough(JSON.parse(pattern), record)),
      );
      for (let from = 0; from < records.length; from += most) {
        const Records = records.slice(from, from + most);
        const answer = await (await functionOf(functionId)).invoke({ Records });
        if (JSON.stringify(answer) !== '{"batchItemFailures":[]}')
          throw new Error(`not done: ${JSON.stringify(answer)}`);
      }
      return records;
    },
    schedule: async (expression) => {
      const rules = resourcesOfType(template, "AWS::Events::Rule").map(([, { Properties }]) => Properties);
      const rule = rules.find(({ ScheduleExpression }) => ScheduleExpression === expression);
      if (rule === undefined) throw new Error(`nothing comes at ${expression}`);
      const functionId = idOf(rule.Targets[0].Arn);
      if (!mayInvoke(template, "events.amazonaws.com", functionId)) throw new Error(`no right to call ${functionId}`);
      return (await functionOf(functionId)).invoke({
        "detail-type": "Scheduled Event",
        source: "aws.events",
        detail: {},
      });
    },
    stop: async () => {
      for (const { process, proxy } of running.values()) {
        await process.stop();
        await proxy.stop();
      }
    },
  };
}
