import { afterEach, expect, test } from 'vitest'
import { listen } from './drag'

let stop = () => {}
afterEach(() => stop())

/** Sends a drag event that carries the types; says whether the browser's own way with it was prevented. */
function drag(kind: string, types: string[]): boolean {
  const event = new Event(kind, { bubbles: true, cancelable: true })
  Object.defineProperty(event, 'dataTransfer', { value: { types } })
  document.body.dispatchEvent(event)
  return event.defaultPrevented
}

function start(byWindow: boolean) {
  const seen = { over: [] as boolean[], taken: 0 }
  stop = listen(byWindow, (over) => seen.over.push(over), () => seen.taken++)
  return seen
}

test('a folder dragged over the window is told of as an address and does not take the place of the app', () => {
  const seen = start(true)
  drag('dragenter', ['text/uri-list', 'text/html'])
  expect(seen.over).toEqual([true])
  expect(drag('dragover', ['text/uri-list', 'text/html'])).toBe(true)
  expect(drag('drop', ['text/uri-list', 'text/html'])).toBe(true)
  expect(seen.over.at(-1)).toBe(false)
  expect(seen.taken, 'the window itself brings what was dropped').toBe(0)
})

test('a browser gives dropped files to the page, and a dragged link or text to nobody here', () => {
  const seen = start(false)
  expect(drag('dragover', ['Files'])).toBe(true)
  expect(drag('drop', ['Files'])).toBe(true)
  expect(seen.taken).toBe(1)
  expect(drag('drop', ['text/uri-list'])).toBe(false)
  expect(drag('drop', ['text/plain'])).toBe(false)
  expect(seen.taken).toBe(1)
})

test('text dragged within the window goes where it is dropped', () => {
  start(true)
  expect(drag('drop', ['text/plain'])).toBe(false)
})
