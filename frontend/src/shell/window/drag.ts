// Files dragged over the page and dropped on it.

/**
 * Follows files over the page. A screen that takes them itself keeps them by preventDefault.
 * WebKitGTK tells of dragged files and folders as addresses alone, and goes to the address
 * where nobody prevents it: the window would show the folder in place of the app.
 */
export function listen(byWindow: boolean, show: (over: boolean) => void, take: (data: DataTransfer) => void): () => void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.some((type) => type === 'Files' || (byWindow && type === 'text/uri-list')) ?? false
  let depth = 0
  const enter = (event: DragEvent) => {
    if (!hasFiles(event)) return
    depth++
    show(true)
  }
  const leave = (event: DragEvent) => {
    if (hasFiles(event) && --depth <= 0) end()
  }
  const end = () => {
    depth = 0
    show(false)
  }
  const over = (event: DragEvent) => {
    if (hasFiles(event)) event.preventDefault()
  }
  const drop = (event: DragEvent) => {
    if (!hasFiles(event)) return
    const kept = event.defaultPrevented
    event.preventDefault()
    if (!kept && !byWindow && event.dataTransfer) take(event.dataTransfer)
  }
  // The window brings what is dropped by another way, so no screen may take it a second time.
  const mute = (event: DragEvent) => {
    end()
    if (!byWindow || !hasFiles(event)) return
    event.preventDefault()
    event.stopPropagation()
  }
  addEventListener('dragenter', enter)
  addEventListener('dragleave', leave)
  addEventListener('dragover', over)
  addEventListener('drop', drop)
  addEventListener('drop', mute, true)
  return () => {
    removeEventListener('dragenter', enter)
    removeEventListener('dragleave', leave)
    removeEventListener('dragover', over)
    removeEventListener('drop', drop)
    removeEventListener('drop', mute, true)
  }
}
