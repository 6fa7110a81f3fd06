// The HTTP API against the apps behind it: an endpoint without a route is a 404 on AWS that nobody sees on one machine.

import { describe, expect, test } from "vitest";
import { addDocsRoutes } from "../../functions/docs/app.ts";
import { addEmbedRoutes } from "../../functions/embed/app.ts";
import type { EmbedDeps } from "../../functions/embed/deps.ts";
import { makeHttpApp } from "../../functions/http/app.ts";
import type { HttpApp } from "../../functions/http/http-env.ts";
import { addIngestRoutes } from "../../functions/ingest/app.ts";
import type { IngestDeps } from "../../functions/ingest/deps.ts";
import { addPageRoutes } from "../../functions/pages/app.ts";
import type { PageDeps } from "../../functions/pages/deps.ts";
import { addSharePageRoutes } from "../../functions/pages/share-routes.ts";
import { addUploadRoute } from "../../functions/pages/upload-route.ts";
import { addReadRoutes } from "../../functions/read/app.ts";
import type { ReadDeps } from "../../functions/read/deps.ts";
import { ROUTES, THROTTLES } from "../../infra/routes.ts";
import { CONTRACT } from "../../shared/api/contract.ts";
import { onlyOne, type Resource, resourcesOf, synthesised } from "./synthesised.ts";

const template = synthesised("dev");

/** `GET /v1/runs/{id}` of every route of an app; adding routes asks nothing of the dependencies. */
function routesOf(addRoutes: (app: HttpApp) => void): string[] {
  const app = makeHttpApp({ clock: () => 0, log: { request: () => undefined, fault: () => undefined } });
  addRoutes(app);
  const endpoints = app.routes.filter(({ method }) => method !== "ALL");
  return [...new Set(endpoints.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`))];
}

const unused = {};
const APPS = {
  ingest: routesOf((app) => {
    addIngestRoutes(app, unused as IngestDeps);
    addUploadRoute(app, unused as IngestDeps);
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

test.each(["ingest", "read", "embed", "docs"] as const)(
  "every endpoint of %s has a route, and the route leads to it",
  (name) => {
    expect(APPS[name].length).toBeGreaterThan(1);
    expect(APPS[name].filter((route) => !deployed[name]?.includes(route))).toEqual([]);
  },
);

/** The path with each format as suffix, where the suffix is a segment's end that API Gateway must know. */
const suffixed = CONTRACT.flatMap(({ method, path, formats }) =>
  path.startsWith("/v1/") && !path.endsWith("}")
    ? formats.map((format) => `${method.toUpperCase()} ${path}.${format}`)
    : [],
);

test("every format of every endpoint can be asked for by suffix", () => {
  const all = Object.values(deployed).flat();
  expect(suffixed.filter((route) => !all.includes(route))).toEqual([]);
});

test("nothing else is routed: what no app answers must not cost a function call", () => {
  const known = [...Object.values(APPS).flat(), ...suffixed];
  expect(
    Object.values(deployed)
      .flat()
      .filter((route) => !known.includes(route)),
  ).toEqual([]);
});

describe("the stage", () => {
  const { Properties } = onlyOne(template, "AWS::ApiGatewayV2::Stage");

  test("throttles every route, those that make tokens hardest", () => {
    expect(Object.keys(Properties.RouteSettings).sort()).toEqual(Object.values(deployed).flat().sort());
    for (const { method, path, traffic } of ROUTES) {
      expect(Properties.RouteSettings[`${method} ${path}`]).toEqual({
        ThrottlingRateLimit: THROTTLES[traffic].rateLimit,
        ThrottlingBurstLimit: THROTTLES[traffic].burstLimit,
      });
    }
    expect(Properties.RouteSettings["POST /v1/tokens"].ThrottlingRateLimit).toBeLessThan(10);
    expect(Properties.DefaultRouteSettings.ThrottlingRateLimit).toBeLessThanOrEqual(THROTTLES.questions.rateLimit);
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
