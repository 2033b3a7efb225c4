import { ref } from 'vue'

const LEAST_PX = 48
const STEP_PX = 16
const SHRINKS_TO = 0.6

interface Sized {
  key: string
  width: number
  grow?: boolean
  firm?: boolean
}

/** The widths of a grid's columns, and how they are changed: by dragging, or step by step with the keyboard. */
export function useWidths() {
  const widths = ref<Record<string, number>>({})

  function set(key: string, width: number): void {
    widths.value = { ...widths.value, [key]: Math.max(LEAST_PX, width) }
  }

  /** From the handle at a title's right edge. */
  function drag(key: string, event: PointerEvent): void {
    const handle = event.target as HTMLElement
    const from = event.clientX
    const width = handle.parentElement!.offsetWidth
    handle.setPointerCapture(event.pointerId)
    const move = (now: PointerEvent) => set(key, width + now.clientX - from)
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), {
      once: true,
    })
  }

  /** From a key on the title itself. */
  function step(key: string, event: KeyboardEvent, by: 1 | -1): void {
    const title = (event.currentTarget as HTMLElement).parentElement!
    set(key, title.offsetWidth + by * STEP_PX)
  }

  /** A column takes its width, or less where there is no room, unless the reader gave it a width. */
  function size(column: Sized) {
    const given = widths.value[column.key]
    return {
      flex: `${column.grow && !given ? 1 : 0} ${given ? 0 : 1} ${given ?? column.width}px`,
      minWidth: `${least(column)}px`,
    }
  }

  const least = (column: Sized) =>
    widths.value[column.key] ?? (column.firm ? column.width : Math.round(column.width * SHRINKS_TO))
  /** Below this the whole grid scrolls sideways. */
  const leastOf = (columns: Sized[]) => columns.reduce((sum, column) => sum + least(column), 0)

  return { size, leastOf, drag, step }
}
