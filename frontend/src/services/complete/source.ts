// Completion for services: the SDK, the cluster's names, the package's own settings. It reads
// the text as it stands; what it does not know it leaves to the compiler.
import { typescriptLanguage } from '@codemirror/lang-javascript'
import type { SyntaxNode } from '@lezer/common'
import type { Completion, CompletionList, Cursor } from '../../code/types'
import { plainType, sdkModule, signature, testModule, type Member, type Sdk } from './sdk'

/** What may be named in code. */
export interface Names {
  services: { name: string; doc?: string | undefined }[]
  /** Outgoing connections with their type. */
  outgoings: { name: string; type: string }[]
  /** Keys of the package's settings. */
  settings: string[]
  /** Files of the package, for imports. */
  files: string[]
}

interface At {
  sdk: Sdk
  names: Names
  text: string
}

/** What fits at the cursor; null when there is nothing to say. */
export function completeService(sdk: Sdk, names: Names, cursor: Cursor): CompletionList | null {
  const { text, offset } = cursor
  const tree = typescriptLanguage.parser.parse(text)
  const node = tree.resolveInner(offset, -1)
  const at: At = { sdk, names, text }
  if (node.name === 'String' || node.name === 'TemplateString') return inText(at, node, offset)
  if (node.name.endsWith('Comment')) return null
  const word = /[\w$]*$/.exec(text.slice(0, offset))?.[0] ?? ''
  const from = offset - word.length
  const member = memberAt(tree.topNode, from, text)
  if (member) return list(from, membersOf(at, member).map(asCompletion))
  const inside = tree.resolveInner(from, -1)
  const imports = upTo(inside, 'ImportGroup')
  if (imports) return list(from, inImport(at, imports))
  const object = upTo(inside, 'ObjectExpression')
  if (object && keyPlace(text, object, from)) {
    const keys = keysOf(at, object)
    if (keys.length > 0) return list(from, keys)
  }
  if (word === '' && !cursor.explicit) return null
  return list(from, [...sdk.values.values()].filter((one) => importedFrom(at, one.name)).map((one) => ({ ...asCompletion(one), boost: 1 })))
}

/** Whether the cursor is inside of a text in quotes. */
export function inQuotes({ text, offset }: Cursor): boolean {
  const node = typescriptLanguage.parser.parse(text).resolveInner(offset, -1)
  return (node.name === 'String' || node.name === 'TemplateString') && offset > node.from
}

/** Help about what stands at an offset. */
export function helpAt(sdk: Sdk, text: string, offset: number): string | undefined {
  const at: At = { sdk, names: { services: [], outgoings: [], settings: [], files: [] }, text }
  const node = typescriptLanguage.parser.parse(text).resolveInner(offset, 0)
  const name = slice(at, node)
  let member: Member | undefined
  if (node.name === 'PropertyName' && node.parent?.firstChild) member = membersOf(at, node.parent.firstChild).find((one) => one.name === name)
  else if (/^Variable/.test(node.name) && importedFrom(at, name)) member = sdk.values.get(name)
  else if (node.name === 'PropertyDefinition' && node.parent?.parent?.name === 'ObjectExpression') member = shapeOf(at, node.parent.parent).find((one) => one.name === name)
  return member ? [`${member.name}${member.params ? '' : ': '}${signature(member)}`, member.doc].filter(Boolean).join('\n\n') : undefined
}

const list = (from: number, options: Completion[]): CompletionList | null => (options.length > 0 ? { from, options } : null)
const slice = ({ text }: At, node: SyntaxNode | null | undefined) => (node ? text.slice(node.from, node.to) : '')

function upTo(node: SyntaxNode | null, name: string): SyntaxNode | null {
  for (let one = node; one; one = one.parent) {
    if (one.name === name) return one
    if (/Statement|Declaration$|^Block$|FunctionExpression|ArrowFunction/.test(one.name) && one.name !== 'ImportDeclaration') return null
  }
  return null
}

function asCompletion(member: Member): Completion {
  return { label: member.name, type: member.params ? 'method' : 'property', detail: signature(member), info: member.doc }
}

/** The expression before the dot that stands right before the word. */
function memberAt(top: SyntaxNode, from: number, text: string): SyntaxNode | null {
  const before = text.slice(0, from).trimEnd()
  if (!before.endsWith('.')) return null
  const dot = top.resolveInner(before.length, -1)
  const expression = dot.name === 'MemberExpression' ? dot : dot.parent
  if (expression?.name === 'MemberExpression' && expression.firstChild) return expression.firstChild
  return dot.prevSibling
}

/** Names in quotes: services, connections, modules. */
function inText(at: At, node: SyntaxNode, offset: number): CompletionList | null {
  const from = node.from + 1
  if (offset < from) return null
  const place = node.parent
  if (place?.name === 'ImportDeclaration') return list(from, [sdkModule, testModule, ...at.names.files.map((file) => './' + file.replace(/\.ts$/, ''))].map((label) => ({ label, type: 'text' })))
  if (place?.name === 'Property' && slice(at, place.firstChild) === 'service') return list(from, services(at))
  const callee = place?.name === 'ArgList' ? slice(at, place.parent?.firstChild) : ''
  if (/\.invoke$/.test(callee)) return list(from, services(at))
  const kind = /\.conn\s*\.\s*(http|sql)$/.exec(callee)?.[1]
  if (kind) return list(from, at.names.outgoings.filter((one) => one.type === kind).map((one) => ({ label: one.name, type: 'constant', detail: one.type })))
  return null
}

const services = ({ names }: At): Completion[] => names.services.map((one) => ({ label: one.name, type: 'function', ...(one.doc ? { info: one.doc } : {}) }))

function inImport({ sdk, text }: At, group: SyntaxNode): Completion[] {
  const module = /from\s*["']([^"']+)/.exec(text.slice(group.to))?.[1] ?? sdkModule
  const taken = new Set(text.slice(group.from + 1, group.to - 1).split(',').map((one) => one.trim()))
  return (sdk.exports.get(module) ?? []).filter((name) => !taken.has(name)).map((name) => {
    const value = sdk.values.get(name)
    return { label: name, type: value ? (value.params ? 'function' : 'variable') : 'type', ...(value ? { info: value.doc } : {}) }
  })
}

function importedFrom({ text }: At, name: string): boolean {
  for (const found of text.matchAll(/import\s*(?:type\s*)?\{([^}]*)\}\s*from\s*["']@signalbox\/sdk/g)) {
    if ((found[1] ?? '').split(',').some((one) => one.trim() === name)) return true
  }
  return false
}

/** Whether a key may begin here, and not a value. */
function keyPlace(text: string, object: SyntaxNode, from: number): boolean {
  const before = text.slice(object.from, from).trimEnd()
  return before.endsWith('{') || before.endsWith(',')
}

function keysOf(at: At, object: SyntaxNode): Completion[] {
  const taken = new Set(object.getChildren('Property').map((one) => slice(at, one.firstChild)))
  return shapeOf(at, object).filter((one) => !taken.has(one.name)).map((one) => ({
    ...asCompletion(one), boost: one.optional ? 0 : 2, ...(one.name === 'handle' ? { apply: 'handle(ctx, input) {\n    \n  }' } : one.params ? {} : { apply: one.name + ': ' }),
  }))
}

/** The members of the type that an object literal must have. */
function shapeOf(at: At, object: SyntaxNode): Member[] {
  const args = object.parent
  if (args?.name !== 'ArgList' || args.parent?.name !== 'CallExpression') return []
  let index = 0
  for (let one = args.firstChild; one && one.from < object.from; one = one.nextSibling) if (one.name === ',') index++
  const called = calledBy(at, args.parent)
  return at.sdk.types.get(plainType(called?.params?.[index]?.type ?? '').replace(/\s*=.*$/, '')) ?? []
}

function calledBy(at: At, call: SyntaxNode): Member | undefined {
  const callee = call.firstChild
  if (callee?.name === 'VariableName') return at.sdk.values.get(slice(at, callee))
  if (callee?.name === 'MemberExpression' && callee.firstChild) {
    const name = slice(at, callee.lastChild)
    return membersOf(at, callee.firstChild).find((one) => one.name === name)
  }
  return undefined
}

function membersOf(at: At, expression: SyntaxNode): Member[] {
  const type = typeOf(at, expression, 0)
  if (type === 'Settings') return at.names.settings.map((name) => ({ name, doc: '', type: '', optional: false }))
  if (type.startsWith('input ')) return type.slice(6).split(' ').filter(Boolean).map((name) => ({ name, doc: '', type: '', optional: false }))
  return at.sdk.types.get(type) ?? []
}

/** The name of an expression's type, as far as the SDK and this file tell; else "". */
function typeOf(at: At, node: SyntaxNode, deep: number): string {
  if (deep > 20) return ''
  switch (node.name) {
    case 'VariableName': return typeOfName(at, node, deep)
    case 'ParenthesizedExpression': case 'AwaitExpression': case 'UnaryExpression': return node.lastChild?.prevSibling && node.name === 'ParenthesizedExpression' ? typeOf(at, node.lastChild.prevSibling, deep + 1) : node.lastChild ? typeOf(at, node.lastChild, deep + 1) : ''
    case 'PostfixExpression': return node.firstChild ? typeOf(at, node.firstChild, deep + 1) : ''
    case 'CallExpression': return plainType(calledBy(at, node)?.type ?? '')
    case 'MemberExpression': {
      const name = slice(at, node.lastChild)
      const owner = node.firstChild
      return owner ? plainType(membersOf(at, owner).find((one) => one.name === name)?.type ?? '') : ''
    }
    default: return ''
  }
}

/** Looks a name up where it is declared: in the scopes around it, then among the imports. */
function typeOfName(at: At, node: SyntaxNode, deep: number): string {
  const name = slice(at, node)
  for (let scope = node.parent; scope; scope = scope.parent) {
    const param = paramType(at, scope, name)
    if (param !== undefined) return param
    if (scope.name !== 'Block' && scope.name !== 'Script') continue
    for (const statement of [...scope.getChildren('VariableDeclaration'), ...scope.getChildren('ExportDeclaration').flatMap((one) => one.getChildren('VariableDeclaration'))]) {
      const definition = statement.getChild('VariableDefinition')
      if (slice(at, definition) !== name || statement.to > node.from && statement.from <= node.from) continue
      const annotation = statement.getChild('TypeAnnotation')
      if (annotation) return plainType(slice(at, annotation).replace(/^:\s*/, ''))
      const value = statement.getChild('Equals')?.nextSibling
      return value ? typeOf(at, value, deep + 1) : ''
    }
  }
  return importedFrom(at, name) ? plainTypeOfValue(at, name) : ''
}

const plainTypeOfValue = ({ sdk }: At, name: string) => (sdk.values.has(name) ? `typeof ${name}` : '')

/** The type of a function's parameter; undefined when the scope has no such one. */
function paramType(at: At, scope: SyntaxNode, name: string): string | undefined {
  const params = scope.getChild('ParamList')
  const found = params?.getChildren('VariableDefinition').findIndex((one) => slice(at, one) === name) ?? -1
  if (!params || found < 0) return undefined
  const definition = params.getChildren('VariableDefinition')[found]
  if (definition?.nextSibling?.name === 'TypeAnnotation') return plainType(slice(at, definition.nextSibling).replace(/^:\s*/, ''))
  const property = scope.name === 'Property' ? scope : scope.parent
  if (property?.name === 'Property' && slice(at, property.firstChild) === 'handle') return found === 0 ? 'Ctx' : inputOf(at, property.parent)
  return ''
}

/** The names of the input that a service declares by t.object. */
function inputOf(at: At, definition: SyntaxNode | null): string {
  const input = definition?.getChildren('Property').find((one) => slice(at, one.firstChild) === 'input')
  const object = input?.getChild('CallExpression')?.getChild('ArgList')?.getChild('ObjectExpression')
  return 'input ' + (object?.getChildren('Property') ?? []).map((one) => slice(at, one.firstChild)).join(' ')
}
