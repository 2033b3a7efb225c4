/** What a tree shows and what its ticks mean, apart from how it looks. Ids name items and are unique in a tree. */

export interface TreeItem {
  id: string
  label: string
  children?: TreeItem[]
  disabled?: boolean
}

/** One line of a tree as it is on screen. `level` counts from 1; `place` is its position among `of` siblings. */
export interface TreeLine {
  item: TreeItem
  level: number
  place: number
  of: number
  parent: string | null
}

export type Tick = 'true' | 'false' | 'mixed'

/** The lines on screen: what lies in closed branches is left out. */
export function lines(
  items: TreeItem[],
  open: ReadonlySet<string>,
  level = 1,
  parent: string | null = null,
): TreeLine[] {
  return items.flatMap((item, index) => {
    const line = { item, level, place: index + 1, of: items.length, parent }
    return open.has(item.id) && item.children
      ? [line, ...lines(item.children, open, level + 1, item.id)]
      : [line]
  })
}

/** What can be ticked below an item: its leaves, or itself. What is disabled keeps its tick. */
export function leaves(item: TreeItem): string[] {
  if (item.disabled) return []
  return item.children?.length ? item.children.flatMap(leaves) : [item.id]
}

/** A leaf is ticked or not; a branch is as its leaves are, and mixed when they differ. */
export function tickOf(item: TreeItem, ticked: ReadonlySet<string>): Tick {
  if (!item.children?.length) return ticked.has(item.id) ? 'true' : 'false'
  const states = new Set(item.children.map((child) => tickOf(child, ticked)))
  return states.size === 1 ? [...states][0]! : 'mixed'
}

/** The ticks after one was pressed: all leaves below are on, unless they were all on already. */
export function withTick(item: TreeItem, before: ReadonlySet<string>): Set<string> {
  const below = leaves(item)
  const off = below.every((id) => before.has(id))
  const after = new Set(before)
  for (const id of below) {
    if (off) after.delete(id)
    else after.add(id)
  }
  return after
}

/** The line that a key leads to (WAI-ARIA's tree pattern), or null when the key does not move. */
export function goal(key: string, at: number, shown: TreeLine[], open: ReadonlySet<string>): number | null {
  const line = shown[at]
  if (!line) return null
  const isOpen = open.has(line.item.id)
  if (key === 'ArrowDown') return Math.min(shown.length - 1, at + 1)
  if (key === 'ArrowUp') return Math.max(0, at - 1)
  if (key === 'Home') return 0
  if (key === 'End') return shown.length - 1
  if (key === 'ArrowRight' && isOpen && line.item.children?.length) return at + 1
  if (key === 'ArrowLeft' && !isOpen && line.parent !== null)
    return shown.findIndex((other) => other.item.id === line.parent)
  if (key.length === 1 && key !== ' ' && key !== '*') return beginning(key, at, shown)
  return null
}

/** The next line that begins with this letter, from `at` on and round; null when none does. */
function beginning(letter: string, at: number, shown: TreeLine[]): number | null {
  const wanted = letter.toLocaleLowerCase()
  for (let step = 1; step <= shown.length; step++) {
    const next = (at + step) % shown.length
    if (shown[next]!.item.label.toLocaleLowerCase().startsWith(wanted)) return next
  }
  return null
}
