// The arguments of a tool as its JSON Schema has them, folded away: the plain form is enough for most.

import { Told } from "../../kit/Told";
import css from "./Arguments.module.css";

interface Property {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
}

export function Arguments({ schema }: { schema: unknown }) {
  const { properties, required } = read(schema);
  const names = Object.keys(properties);
  if (names.length === 0) return null;
  return (
    <details className={css.arguments}>
      <summary>As JSON arguments</summary>
      <dl>
        {names.map((name) => (
          <div key={name}>
            <dt>
              <code>{name}</code>{" "}
              <span className="soft">
                {kind(properties[name]!)}
                {!required.includes(name) && ", may be left out"}
              </span>
            </dt>
            {properties[name]!.description && (
              <dd>
                <Told>{properties[name]!.description}</Told>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </details>
  );
}

function kind({ type, enum: words }: Property): string {
  if (words) return words.map((word) => JSON.stringify(word)).join(", ");
  if (type === undefined) return "any value";
  return Array.isArray(type) ? type.join(" or ") : type;
}

/** A server's schema may be anything at all. */
function read(schema: unknown): { properties: Record<string, Property>; required: string[] } {
  const object = isObject(schema) ? schema : {};
  const properties = isObject(object.properties) ? object.properties : {};
  const known = Object.entries(properties).filter((entry): entry is [string, Property] => isObject(entry[1]));
  return { properties: Object.fromEntries(known), required: Array.isArray(object.required) ? object.required.map(String) : [] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
