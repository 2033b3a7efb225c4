/* What a reader would complain of in the page as it is drawn now. Each complaint is a line of text. */
;(() => {
  const found = new Set()
  const CONTROLS = 'input:not([type=checkbox]):not([type=radio]), textarea, button, [role=combobox]'
  // Data with rows and columns may scroll sideways (WCAG 1.4.10 excepts it), and so may lines of program text.
  const SIDEWAYS = '[role=grid], pre, .diff'
  const LAYERS = '.dialog, .pop, .tip, .toasts, .grid-head, .grid-empty'

  const name = (element) => {
    const where = element.closest('[data-case]')?.dataset.case
    const words = (element.innerText || element.value || element.getAttribute('aria-label') || '').trim().slice(0, 60)
    const classes = typeof element.className === 'string' ? element.className.trim().replace(/\s+/g, '.') : ''
    return `${element.tagName.toLowerCase()}${classes && '.' + classes} "${words}"${where ? ` in case "${where}"` : ''}`
  }
  const isSeen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('.unseen, .overlay')
  const crossing = (a, b) => ({
    width: Math.min(a.right, b.right) - Math.max(a.left, b.left),
    height: Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  })

  /** The part of a box that is not clipped away by what is around it; null when nothing is left. */
  function unclipped(box, element) {
    let { left, top, right, bottom } = box
    for (let around = element; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around)
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue
      const edge = around.getBoundingClientRect()
      left = Math.max(left, edge.left)
      right = Math.min(right, edge.right)
      top = Math.max(top, edge.top)
      bottom = Math.min(bottom, edge.bottom)
    }
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null
  }

  /** Whoever sees only a part of a text can have the whole: by a grid's own doing, or as the title of what is around. */
  const isTold = (element, text) => {
    if (element.closest('[role=grid] [role=gridcell]')) return true
    for (let around = element; around; around = around.parentElement) {
      if (around.title && around.title.includes(text.slice(0, 20))) return true
      if (around.matches('[role=gridcell], [role=row], td')) break
    }
    return false
  }

  function sideways() {
    if (document.scrollingElement.scrollWidth > innerWidth + 1)
      found.add(`the page is ${document.scrollingElement.scrollWidth} px wide on a screen of ${innerWidth}`)
    for (const element of document.querySelectorAll('body *')) {
      const style = getComputedStyle(element)
      if (!/auto|scroll/.test(style.overflowX) || element.scrollWidth <= element.clientWidth + 1) continue
      if (isSeen(element) && !element.closest(SIDEWAYS) && !element.matches('input, textarea'))
        found.add(`must be scrolled sideways: ${name(element)}`)
    }
  }

  function texts() {
    const all = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const node = walker.currentNode
      const element = node.parentElement
      if (!node.data.trim() || !element || !isSeen(element) || element.closest('script, style, option')) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      all.push({ element, text: node.data.trim(), boxes: [...range.getClientRects()].filter((box) => box.width > 0) })
    }
    return all
  }

  function cut({ element, text, boxes }) {
    for (let around = element; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around)
      const edge = around.getBoundingClientRect()
      const hides = (value) => value === 'hidden' || value === 'clip'
      const across = boxes.some((box) => box.right > edge.right + 1.5 || box.left < edge.left - 1.5)
      const down = boxes.some((box) => box.bottom > edge.bottom + 4 || box.top < edge.top - 4)
      if (/auto|scroll/.test(style.overflowY) && !hides(style.overflowX)) return
      if ((hides(style.overflowX) && across) || (hides(style.overflowY) && down)) {
        if (style.textOverflow !== 'ellipsis' || !isTold(element, text)) found.add(`cut: "${text}" by ${name(around)}`)
        return
      }
    }
  }

  function overlapping(all) {
    const parts = all.flatMap(({ element, text, boxes }) =>
      boxes.flatMap((box) => {
        const rest = unclipped(box, element)
        return rest ? [{ element, text, box: rest, layer: element.closest(LAYERS) }] : []
      }),
    )
    for (const control of document.querySelectorAll(CONTROLS)) {
      const box = isSeen(control) && unclipped(control.getBoundingClientRect(), control)
      if (box) parts.push({ element: control, control: true, text: name(control), box, layer: control.closest(LAYERS) })
    }
    parts.sort((a, b) => a.box.top - b.box.top)
    parts.forEach((one, index) => {
      for (const other of parts.slice(index + 1)) {
        if (other.box.top > one.box.bottom) break
        if (one.layer !== other.layer || one.element.contains(other.element) || other.element.contains(one.element)) continue
        if (one.control && other.control) continue
        const { width, height } = crossing(one.box, other.box)
        if (width > 3 && height > 5) found.add(`overlap: "${one.text}" and "${other.text}"`)
      }
    })
  }

  /** A hint in an empty field, which no layout makes room for. */
  function hints() {
    const pen = document.createElement('canvas').getContext('2d')
    for (const input of document.querySelectorAll('input[placeholder]')) {
      if (input.value || !isSeen(input)) continue
      const style = getComputedStyle(input)
      pen.font = `${style.fontSize} ${style.fontFamily}`
      const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
      if (pen.measureText(input.placeholder).width > room + 1 && !isTold(input, input.placeholder))
        found.add(`cut: the hint "${input.placeholder}"`)
    }
  }

  sideways()
  hints()
  const all = texts()
  all.forEach(cut)
  overlapping(all)
  return [...found]
})()
