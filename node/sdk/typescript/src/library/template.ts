import { host } from "../host";

/** How a template is filled. */
export interface TemplateOptions {
  /** "html" escapes what it puts in by its place; "text", the default, does not. */
  mode?: "text" | "html";
  /** A missing key is an error instead of empty. */
  strict?: boolean;
}

/** Texts with places to fill in. */
export const template = {
  /** Fills a template: "Dear {{.name}}". */
  render: (template: string, data?: unknown, options: TemplateOptions = {}): string =>
    host<string>("template.render", { template, data, ...options }),
};
