// What `npm run synth` leaves behind, made here in a folder of its own: the template, and the bundles it names.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { findStage, NO_OPTIONS } from "../../../infra/stage.ts";
import { VbdstatStack } from "../../../infra/vbdstat-stack.ts";
import type { Resource } from "../synthesised.ts";

/** A template as CloudFormation gets it. */
export interface TemplateFile {
  readonly Resources: Record<string, Resource & { readonly Type: string }>;
  // biome-ignore lint/suspicious/noExplicitAny: the values of outputs are text or functions of CloudFormation.
  readonly Outputs: Record<string, { readonly Value: any }>;
}

export interface Assembly {
  readonly template: TemplateFile;
  /** The folder of the asset that is uploaded as this object. Throws when there is none. */
  folderOf(key: string): string;
  remove(): void;
}

export function assemble(stage: string): Assembly {
  // Outside of the repository, so that no bundle finds its packages.
  const outdir = mkdtempSync(join(tmpdir(), "vbdstat-assembly-"));
  const app = new App({ outdir });
  const { artifactId } = new VbdstatStack(app, `vbdstat-${stage}`, findStage(stage), NO_OPTIONS);
  app.synth();
  const read = (name: string) => JSON.parse(readFileSync(join(outdir, `${artifactId}.${name}.json`), "utf8"));
  const assets: { source: { path: string }; destinations: Record<string, { objectKey: string }> }[] = Object.values(
    read("assets").files,
  );
  return {
    template: read("template"),
    folderOf: (key) => {
      const asset = assets.find(({ destinations }) =>
        Object.values(destinations).some(({ objectKey }) => objectKey === key),
      );
      const folder = join(outdir, asset?.source.path ?? "none");
      if (asset === undefined || !existsSync(folder)) throw new Error(`there is no asset ${key}`);
      return folder;
    },
    remove: () => rmSync(outdir, { recursive: true, force: true }),
  };
}

/** The resources of a type, with their logical ids. */
export const resourcesOfType = (template: TemplateFile, type: string): [id: string, resource: Resource][] =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type);

/** The only resource of a type. Throws when there are none or several. */
export function theResource(template: TemplateFile, type: string): [id: string, resource: Resource] {
  const [found, ...others] = resourcesOfType(template, type);
  if (found === undefined || others.length > 0) throw new Error(`expected one ${type}, found ${others.length + 1}`);
  return found;
}

/** The logical id that a `Ref` or `Fn::GetAtt` points to. */
export function idOf(value: { Ref?: string; "Fn::GetAtt"?: readonly string[] } | undefined): string {
  const id = value?.Ref ?? value?.["Fn::GetAtt"]?.[0];
  if (id === undefined) throw new Error(`this points to no resource: ${JSON.stringify(value)}`);
  return id;
}
