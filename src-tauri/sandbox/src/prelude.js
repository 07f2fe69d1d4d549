// What code finds beside the language itself: `console` and `print`. And what it does not find: a clock and
// chance, unless they were granted. What is needed here is taken before code can change it. What code does to
// the rest changes only how its own values are shown.
(function (say, clock, chance, room) {
  'use strict';
  const { construct, ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
  const { isArray } = Array, { is } = Object, { stringify } = JSON, text = String;
  const Plain = Object.prototype, Typed = getPrototypeOf(Uint8Array);
  const RealDate = Date;

  if (!clock) {
    const refuse = () => { throw new Error('there is no clock here: give the date as an argument') };
    const Dated = function Date(...given) {
      if (!new.target || given.length === 0) refuse();
      return construct(RealDate, given, new.target);
    };
    Object.defineProperty(Dated, 'prototype', { value: RealDate.prototype, writable: false });
    Object.defineProperty(Dated, 'length', { value: 7, configurable: true });
    for (const [name, value] of [['parse', RealDate.parse], ['UTC', RealDate.UTC], ['now', refuse]])
      Object.defineProperty(Dated, name, { value, writable: true, configurable: true });
    Object.defineProperty(RealDate.prototype, 'constructor', { value: Dated, writable: true, configurable: true });
    Object.defineProperty(globalThis, 'Date', { value: Dated, writable: true, configurable: true });
  }
  if (!chance) {
    const refuse = () => { throw new Error('there is no chance here: the same code always gives the same answer') };
    Object.defineProperty(Math, 'random', { value: refuse, writable: true, configurable: true });
  }

  const quoted = (s) => "'" + s.replace(/[\\'\n\r\t]/g, (c) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c] ?? '\\' + c) + "'";
  const name = (key) => typeof key === 'symbol' ? `[${text(key)}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);

  // As Node shows it, on one line; at most 100 of each and 6 levels.
  function shown(value, above = []) {
    switch (typeof value) {
      case 'string': return quoted((value.length > room ? value.slice(0, room) : value).toWellFormed());
      case 'number': return is(value, -0) ? '-0' : text(value);
      case 'bigint': return text(value) + 'n';
      case 'function': {
        const own = getOwnPropertyDescriptor(value, 'name')?.value;
        return own ? `[Function: ${own}]` : '[Function (anonymous)]';
      }
      case 'object': break;
      default: return text(value);
    }
    if (value === null) return 'null';
    if (above.includes(value)) return '[Circular]';
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : text(value);
    if (value instanceof RealDate) return isNaN(value) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return text(value);
    const kind = getPrototypeOf(value)?.constructor?.name ?? '';
    if (above.length > 5) return isArray(value) ? '[Array]' : `[${kind || 'Object'}]`;
    const below = [...above, value], show = (inner) => shown(inner, below);
    const around = (head, parts, open, close) =>
      (head ? head + ' ' : '') + (parts.length ? `${open} ${parts.join(', ')} ${close}` : open + close);
    const some = (items, size, each) => {
      const parts = [];
      for (const item of items) {
        if (parts.length === 100) { parts.push(`... ${size - 100} more items`); break }
        parts.push(each(item));
      }
      return parts;
    };
    if (isArray(value)) return around(kind === 'Array' ? '' : `${kind}(${value.length})`, some(value, value.length, show), '[', ']');
    if (value instanceof Typed) return around(`${kind}(${value.length})`, some(value, value.length, show), '[', ']');
    if (value instanceof Map)
      return around(`Map(${value.size})`, some(value, value.size, ([k, v]) => `${show(k)} => ${show(v)}`), '{', '}');
    if (value instanceof Set) return around(`Set(${value.size})`, some(value, value.size, show), '{', '}');
    const keys = ownKeys(value).filter((key) => getOwnPropertyDescriptor(value, key)?.enumerable);
    const part = (key) => `${name(key)}: ${getOwnPropertyDescriptor(value, key)?.get ? '[Getter]' : show(value[key])}`;
    return around(kind === 'Object' ? '' : kind || '[Object: null prototype]', some(keys, keys.length, part), '{', '}');
  }

  // JSON that says the same, or nothing where there is no room for it.
  function json(value) {
    let left = room;
    const walk = (value, depth) => {
      left -= typeof value === 'string' ? value.length + 2 : 4;
      if (left < 0 || depth > 60) throw null;
      const list = (items) => {
        const parts = [];
        for (const item of items) parts.push(walk(item, depth + 1));
        return '[' + parts.join(',') + ']';
      };
      switch (typeof value) {
        case 'string': return stringify(value.toWellFormed());
        case 'boolean': return text(value);
        case 'undefined': return 'null';
        case 'number':
          if (!Number.isFinite(value)) return stringify(text(value));
          return Number.isInteger(value) && !Number.isSafeInteger(value) ? stringify(text(BigInt(value))) : text(is(value, -0) ? 0 : value);
        case 'bigint':
          return stringify(value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : text(value));
        case 'object': break;
        default: return stringify(shown(value));
      }
      if (value === null) return 'null';
      if (isArray(value) || value instanceof Set || value instanceof Map) return list(value);
      if (value instanceof Typed) return list(value);
      const prototype = getPrototypeOf(value);
      if (value instanceof RealDate || value instanceof RegExp || value instanceof Error || value instanceof Promise)
        return stringify(shown(value));
      if (prototype !== Plain && prototype !== null && ownKeys(value).length === 0) return stringify(shown(value));
      const parts = [];
      for (const key of ownKeys(value)) {
        const own = getOwnPropertyDescriptor(value, key);
        if (typeof key === 'symbol' || !own?.enumerable) continue;
        const inner = value[key];
        if (inner !== undefined) {
          left -= key.length + 4;
          parts.push(stringify(key) + ':' + walk(inner, depth + 1));
        }
      }
      return '{' + parts.join(',') + '}';
    };
    try { return walk(value, 0) } catch (thrown) { if (thrown === null) return undefined; throw thrown }
  }

  const line = (stream) => (...values) => {
    let out = '';
    for (const value of values) {
      const one = typeof value === 'string' ? value : shown(value);
      out += (out ? ' ' : '') + (one.length > room ? one.slice(0, room + 1) : one);
    }
    say(stream, out.toWellFormed() + '\n');
  };
  const out = line(1), err = line(2);
  globalThis.console = { log: out, info: out, debug: out, warn: err, error: err, trace: err };
  globalThis.print = out;
  return { shown, json };
})
