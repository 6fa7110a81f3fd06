// The HTTP API against the apps behind it: an endpoint without a route is a 404 on AWS that nobody sees on one machine.

import { describe, expect, test } from "vitest";
import { addDocsRoutes } from "../../functions/web/docs/page.tsx";
import { type HttpApp, makeHttpApp } from "../../functions/web/http/app.ts";
import { addPageRoutes, type PageDeps } from "../../functions/web/pages/app.ts";
import { addRunChangePageRoutes } from "../../functions/web/pages/run-change-routes.ts";
import { addSharePageRoutes } from "../../functions/web/pages/share-routes.ts";
import { addUploadRoute } from "../../functions/web/pages/upload-route.ts";
import { addEmbedRoutes, type EmbedDeps } from "../../functions/web/routes/embed.ts";
import { addIngestRoutes, type IngestDeps } from "../../functions/web/routes/ingest.ts";
import { addReadRoutes, type ReadDeps } from "../../functions/web/routes/read.ts";
import { ELSEWHERE, ROUTES, routedMethod, THROTTLES } from "../../infra/http-api.ts";
import { CONTRACT } from "../../shared/api/contract.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { onlyOne, type Resource, resourcesOf, synthesised } from "./synthesised.ts";

const template = synthesised("dev");

/** `GET /v1/runs/{id}` of every route of an app; adding routes asks nothing of the dependencies. */
function routesOf(addRoutes: (app: HttpApp) => void): string[] {
  const app = makeHttpApp({ clock: () => 0, log: { request: () => undefined, error: () => undefined } });
  addRoutes(app);
  const endpoints = app.routes.filter(({ method }) => method !== "ALL");
  return [...new Set(endpoints.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`))];
}

/** Routes of summaries follow from their registry; adding routes asks nothing else of the dependencies. */
const unused: unknown = { summaries: SUMMARIES };
const APPS = {
  ingest: routesOf((app) => {
    addIngestRoutes(app, unused as IngestDeps);
    addUploadRoute(app, unused as IngestDeps);
    addRunChangePageRoutes(app, unused as IngestDeps);
  }),
  read: routesOf((app) => {
    addReadRoutes(app, unused as ReadDeps);
    addPageRoutes(app, unused as PageDeps);
  }),
  embed: routesOf((app) => {
    addEmbedRoutes(app, unused as EmbedDeps);
    addSharePageRoutes(app, unused as EmbedDeps);
  }),
  docs: routesOf(addDocsRoutes),
};

/** Route keys of the template by the function they lead to. */
function deployedRoutes(): Record<string, string[]> {
  const functions = resourcesOf(template, "AWS::Lambda::Function");
  const integrations = resourcesOf(template, "AWS::ApiGatewayV2::Integration");
  const functionOf = ({ Properties }: Resource): string => {
    const [, integration] = Properties.Target["Fn::Join"][1].map((part: { Ref?: string }) => part.Ref);
    const [id] = integrations[integration]?.Properties.IntegrationUri["Fn::GetAtt"] ?? [];
    return functions[id]?.Properties.Description.split(" ")[1];
  };
  const routes: Record<string, string[]> = {};
  for (const route of Object.values(resourcesOf(template, "AWS::ApiGatewayV2::Route"))) {
    const to = functionOf(route);
    routes[to] = [...(routes[to] ?? []), route.Properties.RouteKey];
  }
  return routes;
}

const deployed = deployedRoutes();
const keys = Object.values(deployed).flat();

/** The key of the route that a request takes, as API Gateway chooses it; its paths here have no rival with a variable. */
function routeOf(method: string, path: string): string {
  return [`${method} ${path}`, `ANY ${path}`, "$default"].find((key) => keys.includes(key)) ?? "none";
}

const routeOfEndpoint = (endpoint: string): string => {
  const [method = "", path = ""] = endpoint.split(" ");
  return routeOf(method, path);
};

test.each(["ingest", "read", "embed", "docs"] as const)(
  "every endpoint of %s has a route, and the route leads to it",
  (name) => {
    expect(APPS[name].length).toBeGreaterThan(1);
    const elsewhere = APPS[name].filter((endpoint) => {
      const key = routeOfEndpoint(endpoint);
      return key === "$default" || !deployed[name]?.includes(key);
    });
    expect(elsewhere).toEqual([]);
  },
);

test("HEAD goes where GET goes: who only looks whether a picture is there must not hear that it is not", () => {
  const reading = Object.values(APPS)
    .flat()
    .filter((endpoint) => endpoint.startsWith("GET "));
  expect(reading.length).toBeGreaterThan(20);
  expect(reading.map((get) => routeOfEndpoint(get.replace("GET", "HEAD")))).toEqual(reading.map(routeOfEndpoint));
});

test("what is at no path is refused by the app that has pages for it, so that people and programs can read it", () => {
  expect(deployed["read"]).toContain("$default");
  expect(routeOf("GET", "/v1/nothing")).toBe("$default");
});

/** The path with each format as suffix, where the suffix is a segment's end that API Gateway must know. */
const suffixed = CONTRACT.flatMap(({ method, path, formats }) =>
  path.startsWith("/v1/") && !path.endsWith("}")
    ? formats.map((format) => `${method.toUpperCase()} ${path}.${format}`)
    : [],
);

test("every format of every endpoint can be asked for by suffix", () => {
  expect(suffixed.filter((endpoint) => routeOfEndpoint(endpoint) === "$default")).toEqual([]);
});

test("no route is left over, and each is there once: what no app answers is for nobody but the last of them", () => {
  const taken = [...Object.values(APPS).flat(), ...suffixed].map(routeOfEndpoint);
  expect(keys.filter((key) => !taken.includes(key))).toEqual(["$default"]);
  expect(new Set(keys).size).toBe(keys.length);
});

describe("the stage", () => {
  const { Properties } = onlyOne(template, "AWS::ApiGatewayV2::Stage");

  test("throttles every route, those that make tokens hardest", () => {
    expect(Object.keys(Properties.RouteSettings).sort()).toEqual([...keys].sort());
    const settings = ({ rateLimit, burstLimit }: (typeof THROTTLES)["uploads"]) => ({
      ThrottlingRateLimit: rateLimit,
      ThrottlingBurstLimit: burstLimit,
    });
    for (const route of ROUTES) {
      const key = `${routedMethod(route)} ${route.path}`;
      expect(Properties.RouteSettings[key]).toEqual(settings(THROTTLES[route.traffic]));
    }
    expect(Properties.RouteSettings["$default"]).toEqual(settings(THROTTLES[ELSEWHERE.traffic]));
    expect(Properties.RouteSettings["POST /v1/tokens"].ThrottlingRateLimit).toBeLessThan(10);
    expect(Properties.RouteSettings["$default"].ThrottlingRateLimit).toBeLessThan(10);
    expect(Properties.DefaultRouteSettings.ThrottlingRateLimit).toBeLessThanOrEqual(THROTTLES.queries.rateLimit);
  });

  test("logs each request without header, path or query, where tokens and capabilities are", () => {
    const fields: string[] = Object.values(JSON.parse(Properties.AccessLogSettings.Format));
    expect(fields).toContain("$context.routeKey");
    expect(fields.filter((field) => /header|path|querystring|authorizer/i.test(field))).toEqual([]);
  });

  test("no other site's pages may call the API", () => {
    expect(onlyOne(template, "AWS::ApiGatewayV2::Api").Properties.CorsConfiguration).toBeUndefined();
  });
});
