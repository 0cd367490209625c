// Files for the user: a download in a browser.
export function saveFile(name: string, text: string, type = 'text/plain'): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name.replace(/[^\w.() -]+/g, '_')
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
