// What @signalbox/sdk offers, read from its own sources: names, members, signatures, help.
// So completion knows what the SDK is, and nothing is written down twice.
import { typescriptLanguage } from '@codemirror/lang-javascript'
import type { SyntaxNode } from '@lezer/common'

interface Parameter {
  name: string
  type: string
}

export interface Member {
  name: string
  doc: string
  /** What it is, or what it answers when it is called. */
  type: string
  /** Undefined: it is no function. */
  params?: Parameter[] | undefined
  optional: boolean
}

export interface Sdk {
  /** Members of interfaces by their name, and of values as "typeof NAME". */
  types: Map<string, Member[]>
  /** Functions and objects. */
  values: Map<string, Member>
  /** What each module exports. */
  exports: Map<string, string[]>
}

export const sdkModule = '@signalbox/sdk'
export const testModule = '@signalbox/sdk/test'

/** Reads the SDK's sources, by path within its package. */
export function readSdk(files: Record<string, string>): Sdk {
  const sdk: Sdk = { types: new Map(), values: new Map(), exports: new Map() }
  for (const [path, text] of Object.entries(files)) {
    const tree = typescriptLanguage.parser.parse(text)
    for (let node = tree.topNode.firstChild; node; node = node.nextSibling) declare(sdk, node, text)
    if (path === 'index.ts') sdk.exports.set(sdkModule, exported(tree.topNode, text))
    if (path === 'test.ts') sdk.exports.set(testModule, exported(tree.topNode, text))
  }
  return sdk
}

const textOf = (node: SyntaxNode | null, text: string) => (node ? text.slice(node.from, node.to) : '')

function declare(sdk: Sdk, statement: SyntaxNode, text: string): void {
  const inner = statement.name === 'ExportDeclaration' ? statement.getChild('InterfaceDeclaration') ?? statement.getChild('VariableDeclaration') ?? statement.getChild('FunctionDeclaration') ?? statement.getChild('ClassDeclaration') : statement
  if (!inner) return
  const doc = docBefore(statement, text)
  if (inner.name === 'InterfaceDeclaration') {
    const name = textOf(inner.getChild('TypeDefinition'), text)
    const own = members(inner.getChild('ObjectType'), text)
    const base = inner.getChildren('TypeName').flatMap((one) => sdk.types.get(textOf(one, text)) ?? [])
    sdk.types.set(name, [...own, ...base.filter((one) => own.every((other) => other.name !== one.name))])
  } else if (inner.name === 'FunctionDeclaration') {
    const name = textOf(inner.getChild('VariableDefinition'), text)
    sdk.values.set(name, { name, doc, type: typeText(inner, text), params: params(inner, text), optional: false })
  } else if (inner.name === 'ClassDeclaration') {
    const name = textOf(inner.getChild('VariableDefinition'), text)
    sdk.values.set(name, { name, doc, type: name, params: [], optional: false })
  } else if (inner.name === 'VariableDeclaration') {
    declareValue(sdk, inner, doc, text)
  }
}

function declareValue(sdk: Sdk, node: SyntaxNode, doc: string, text: string): void {
  const name = textOf(node.getChild('VariableDefinition'), text)
  const shape = node.getChild('TypeAnnotation')?.getChild('ObjectType') ?? null
  const type = `typeof ${name}`
  const call = shape?.getChild('CallSignature') ?? null
  sdk.types.set(type, shape ? members(shape, text) : properties(node.getChild('ObjectExpression'), text))
  sdk.values.set(name, { name, doc, type, params: call ? params(call, text) : undefined, optional: false })
}

/** The members of an interface. Of overloads the first stands for all. */
function members(object: SyntaxNode | null, text: string): Member[] {
  const out = new Map<string, Member>()
  for (let node = object?.firstChild; node; node = node.nextSibling) {
    if (node.name !== 'PropertyType' && node.name !== 'MethodType') continue
    const name = textOf(node.getChild('PropertyDefinition'), text)
    if (name === '' || name.startsWith('__') || out.has(name)) continue
    const made = node.name === 'MethodType' ? node : (node.getChild('TypeAnnotation')?.getChild('FunctionSignature') ?? null)
    out.set(name, { name, doc: docBefore(node, text), type: made && made !== node ? typeText(made, text) : typeText(node, text), params: made ? params(made, text) : undefined, optional: node.getChild('Optional') !== null })
  }
  return [...out.values()]
}

/** The members of an object of functions. */
function properties(object: SyntaxNode | null, text: string): Member[] {
  return (object?.getChildren('Property') ?? []).map((node) => {
    const made = node.getChild('ArrowFunction') ?? (node.getChild('ParamList') ? node : null)
    return { name: textOf(node.getChild('PropertyDefinition'), text), doc: docBefore(node, text), type: made ? typeText(made, text) : '', params: made ? params(made, text) : undefined, optional: false }
  })
}

function params(node: SyntaxNode, text: string): Parameter[] {
  const list = node.getChild('ParamList')
  const out: Parameter[] = []
  for (let at = list?.firstChild; at; at = at.nextSibling) {
    if (at.name === 'VariableDefinition') out.push({ name: textOf(at, text), type: '' })
    const last = out.at(-1)
    if (at.name === 'TypeAnnotation' && last) last.type = textOf(at, text).replace(/^:\s*/, '')
  }
  return out
}

function typeText(node: SyntaxNode, text: string): string {
  const annotations = node.getChildren('TypeAnnotation')
  const last = annotations.at(-1)
  if (last) return textOf(last, text).replace(/^:\s*/, '')
  const arrow = node.getChild('Arrow')
  return arrow?.nextSibling ? textOf(arrow.nextSibling, text) : ''
}

function docBefore(node: SyntaxNode, text: string): string {
  let before = node.prevSibling
  while (before && (before.name === ';' || before.name === ',')) before = before.prevSibling
  if (before?.name !== 'BlockComment') return ''
  const comment = textOf(before, text)
  if (!comment.startsWith('/**')) return ''
  return comment.slice(3, -2).split('\n').map((line) => line.replace(/^\s*\* ?/, '')).join('\n').replace(/```[\s\S]*?```/g, '').replace(/\{@link (\w+)\}/g, '$1').trim()
}

/** The names that a module exports from others, types included. */
function exported(top: SyntaxNode, text: string): string[] {
  return top.getChildren('ExportDeclaration').flatMap((one) => {
    const group = one.getChild('ExportGroup')
    return group ? textOf(group, text).slice(1, -1).split(',').map((name) => name.trim()).filter(Boolean) : []
  })
}

/** The name of a type without what it may also be: "HttpConnection | null" is HttpConnection. */
export function plainType(type: string): string {
  return type.replace(/\s*\|\s*(null|undefined)\b/g, '').replace(/^readonly\s+/, '').replace(/<.*$/s, '').trim()
}

/** "name(path: string, …): HttpResponse", cut where it grows too long to be read. */
export function signature(member: Member): string {
  const type = member.type.startsWith('typeof ') ? '' : member.type
  if (!member.params) return type
  const text = `(${member.params.map((one) => one.name + (one.type ? ': ' + one.type : '')).join(', ')})${type ? ': ' + type : ''}`
  return text.length > 70 ? text.slice(0, 69) + '…' : text
}
