import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, it } from 'vitest'
import Editor from './Editor'
import type { CodeEditorProps } from './types'

;(globalThis as Record<string, unknown>).IS_REACT_ACT_ENVIRONMENT = true
const roots: { unmount: () => void }[] = []
afterEach(() => act(() => roots.splice(0).forEach((root) => root.unmount())))

function mount(first: CodeEditorProps) {
  const box = document.createElement('div')
  document.body.append(box)
  const root = createRoot(box)
  roots.push(root)
  const show = (props: CodeEditorProps) => act(() => root.render(<Editor {...props} />))
  show(first)
  return { show, content: () => box.querySelector('.cm-content') as HTMLElement, text: () => [...box.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n') }
}

it('has a name, shows a new value without telling of it, and keeps documents apart', () => {
  const told: string[] = []
  const props: CodeEditorProps = { label: 'Code of a.ts', value: 'let a', language: 'typescript', onChange: (text) => told.push(text), document: 'a.ts' }
  const editor = mount(props)
  expect(editor.content().getAttribute('aria-label')).toBe('Code of a.ts')
  expect(editor.text()).toBe('let a')
  editor.show({ ...props, value: 'let b' })
  expect(editor.text()).toBe('let b')
  editor.show({ ...props, document: 'b.yaml', language: 'yaml', value: 'kind: x' })
  expect(editor.text()).toBe('kind: x')
  editor.show({ ...props, value: 'let c' })
  expect(editor.text()).toBe('let c')
  expect(told).toEqual([])
})

it('says that it can only be read', () => {
  const editor = mount({ label: 'Source', value: 'x', language: 'json' })
  expect(editor.content().getAttribute('aria-readonly')).toBe('true')
})
