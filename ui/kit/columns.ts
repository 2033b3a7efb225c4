import { computed, ref, watch, type Ref } from 'vue'
import { keep, recall } from './kept'

/** What can be chosen: a column's key; one that is fixed is always shown. */
export interface Choosable {
  key: string
  fixed?: boolean
}

interface Kept {
  order: string[]
  hidden: string[]
}

const NOTHING: Kept = { order: [], hidden: [] }

/**
 * Which columns a grid shows and in which order, kept under `name`; nothing is kept without one.
 * Columns that are new since the choice was kept stand where their page puts them, and are shown.
 */
export function useColumnChoice<C extends Choosable>(name: string | undefined, columns: Ref<C[]>) {
  const choice = ref<Kept>((name && recall<Kept>(`columns.${name}`)) || NOTHING)
  watch(choice, (now) => name && keep(`columns.${name}`, now === NOTHING ? null : now))

  const ordered = computed(() => inOrder(columns.value, choice.value.order))
  const isShown = (column: C) => !!column.fixed || !choice.value.hidden.includes(column.key)
  const shown = computed(() => ordered.value.filter(isShown))

  function show(key: string, on: boolean): void {
    const hidden = choice.value.hidden.filter((one) => one !== key)
    choice.value = { ...choice.value, hidden: on ? hidden : [...hidden, key] }
  }

  /** Put a column one place further to the left (-1) or right (1). */
  function move(key: string, by: -1 | 1): void {
    const order = ordered.value.map((column) => column.key)
    const from = order.indexOf(key)
    const to = from + by
    if (to < 0 || to >= order.length) return
    order.splice(to, 0, ...order.splice(from, 1))
    choice.value = { ...choice.value, order }
  }

  function reset(): void {
    choice.value = NOTHING
  }

  const changed = computed(() => choice.value.order.length > 0 || choice.value.hidden.length > 0)
  return { ordered, shown, isShown, changed, show, move, reset }
}

/** The columns in the order of `keys`; those that it does not name stay behind the neighbour they have by themselves. */
function inOrder<C extends Choosable>(columns: C[], keys: string[]): C[] {
  const known = keys.flatMap((key) => columns.find((column) => column.key === key) ?? [])
  columns.forEach((column, index) => {
    if (keys.includes(column.key)) return
    const before = columns[index - 1]
    known.splice(before ? known.indexOf(before) + 1 : 0, 0, column)
  })
  return known
}
