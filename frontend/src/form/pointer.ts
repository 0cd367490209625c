// JSON pointers (RFC 6901): how the server names a place in a spec.

export type Path = readonly (string | number)[]

/** Reads a pointer into its parts; list positions stay texts. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return []
  return pointer
    .replace(/^\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function pointerOf(path: Path): string {
  return path.map((part) => '/' + String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('')
}

/** The value at a path, undefined where the path leads nowhere. */
export function getAt(value: unknown, path: Path): unknown {
  let at = value
  for (const part of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}

/**
 * A copy of value with another value at path. Undefined takes the place away, and with it
 * objects that became empty, so that a draft without changes equals what is stored. Parts
 * of the path that are numbers make lists.
 */
export function setAt(value: unknown, path: Path, next: unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return next
  if (Array.isArray(value) || (value === undefined && typeof head === 'number')) {
    const list: unknown[] = Array.isArray(value) ? [...value] : []
    const inner = setAt(list[Number(head)], rest, next)
    if (inner === undefined) list.splice(Number(head), 1)
    else list[Number(head)] = inner
    return list
  }
  const object: Record<string, unknown> = isObject(value) ? { ...value } : {}
  const inner = setAt(Object.hasOwn(object, head) ? object[head] : undefined, rest, next)
  delete object[head]
  const emptied = isObject(inner) && Object.keys(inner).length === 0 && rest.length > 0
  if (inner !== undefined && !emptied) Object.defineProperty(object, head, { value: inner, enumerable: true, configurable: true, writable: true })
  return object
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
