// The stack as CloudFormation sees it, without bundling: what the template says does not depend on the bundles, which have
// a test of their own.

import { App, FileSystem } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { vi } from "vitest";
import { findStage, NO_OPTIONS, type Options } from "../../infra/stage.ts";
import { VbdstatStack } from "../../infra/vbdstat-stack.ts";

/** The template of a stage. */
export const synthesised = (stage: string, options: Partial<Options> = {}): Template =>
  Template.fromStack(stackOf(stage, options));

/** The stack of a stage, in an app of its own. */
export function stackOf(stage: string, options: Partial<Options> = {}): VbdstatStack {
  // In place of a bundle CDK would hash the whole source folder, node_modules and all, for seconds.
  const fingerprint = vi.spyOn(FileSystem, "fingerprint").mockReturnValue("not-bundled");
  try {
    const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
    return new VbdstatStack(app, `vbdstat-${stage}`, findStage(stage), { ...NO_OPTIONS, ...options });
  } finally {
    fingerprint.mockRestore();
  }
}

/** A resource of a template, as far as tests look into it. */
export interface Resource {
  readonly DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of CloudFormation resources have no common type.
  readonly Properties: any;
}

/** The resources of a type, by their logical ids. */
export const resourcesOf = (template: Template, type: string): Record<string, Resource> =>
  // Template knows resources as any.
  template.findResources(type) as Record<string, Resource>;

/** The one resource of a type. */
export function onlyOne(template: Template, type: string): Resource {
  const [resource, ...others] = Object.values(resourcesOf(template, type));
  if (resource === undefined || others.length > 0) throw new Error(`expected one ${type}, found ${others.length + 1}`);
  return resource;
}
