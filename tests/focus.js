/* The elements that Tab leads to and on which nothing shows that the keyboard is there. */
;(() => {
  const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]'
  const LEVELS = 4
  const look = (element) => {
    const seen = []
    for (let around = element; around && seen.length < LEVELS; around = around.parentElement) {
      const style = getComputedStyle(around)
      const outline = style.outlineStyle === 'none' ? 'none' : `${style.outlineWidth} ${style.outlineColor}`
      seen.push([outline, style.boxShadow, style.borderColor].join())
    }
    return seen.join('|')
  }
  const isReached = (element) =>
    element.tabIndex >= 0 && !element.disabled && element.checkVisibility() && !element.closest('[inert], [aria-hidden=true]')
  const blind = []
  let count = 0
  for (const element of document.querySelectorAll(FOCUSABLE)) {
    if (!isReached(element)) continue
    document.activeElement?.blur()
    // What fades in is there at once.
    element.style.transition = 'none'
    const before = look(element)
    element.focus({ focusVisible: true, preventScroll: true })
    count++
    if (document.activeElement === element && look(element) === before) blind.push(element.outerHTML.slice(0, 120))
    element.style.transition = ''
  }
  document.activeElement?.blur()
  return { count, blind }
})()
