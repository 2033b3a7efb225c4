/** How a list is picked from with mouse and keys, apart from how it looks. Positions are indexes, keys name rows. */

export interface Pick {
  shift: boolean
  toggle: boolean
}

export interface Cursor {
  /** Where the keyboard is. */
  current: number
  /** Where a range begins that Shift extends. */
  anchor: number
}

/** The position that a key leads to, or null when the key does not move. `pageRows` is how many rows are on screen. */
export function moved(key: string, current: number, total: number, pageRows: number): number | null {
  const targets: Record<string, number> = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + pageRows,
    PageUp: current - pageRows,
    Home: 0,
    End: total - 1,
  }
  const target = targets[key]
  return target === undefined || total === 0 ? null : Math.max(0, Math.min(total - 1, target))
}

/** The range between anchor and position, both included, lowest first. */
export function range(anchor: number, position: number): [number, number] {
  return [Math.min(anchor, position), Math.max(anchor, position)]
}

/** The same set with `key` put in or taken out. */
export function toggled<K>(selected: ReadonlySet<K>, key: K): Set<K> {
  const next = new Set(selected)
  if (!next.delete(key)) next.add(key)
  return next
}

/** The sort after a click on a column: up, down, and back to none. "-name" is down. */
export function nextSort(sort: string, column: string): string {
  if (sort === column) return `-${column}`
  return sort === `-${column}` ? '' : column
}
