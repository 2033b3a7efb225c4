import { ref, shallowRef } from 'vue'
import { isAbort, problemOf, type Problem } from './problem'

export interface Slice<R> {
  total: number
  rows: R[]
}

export type LoadSlice<R> = (offset: number, limit: number, signal: AbortSignal) => Promise<Slice<R>>

const PAUSE_MS = 60

/**
 * A long list held in pages: only pages near the viewport are fetched, the farthest are dropped.
 * `version` changes whenever rows have; whoever shows rows reads it.
 */
export function usePaged<R>(load: LoadSlice<R>, page = 100, keep = 60) {
  const pages = new Map<number, R[]>()
  const flying = new Map<number, { flight: AbortController; rows: Promise<R[]>; needed: boolean }>()
  const total = ref(0)
  const version = ref(0)
  const loaded = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let wanted: [number, number] = [0, 0]
  let generation = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function at(index: number): R | undefined {
    void version.value
    return pages.get(Math.floor(index / page))?.[index % page]
  }

  /** The rows that will be on screen. Fetched after a short pause, so that a long drag asks only where it ends. */
  function want(from: number, to: number): void {
    wanted = [Math.floor(Math.max(0, from) / page), Math.floor(Math.max(0, to) / page)]
    clearTimeout(timer)
    timer = setTimeout(fetchWanted, loaded.value ? PAUSE_MS : 0)
  }

  function fetchWanted(): void {
    const [first, last] = wanted
    for (const [number, { flight, needed }] of flying) {
      if (!needed && (number < first - 1 || number > last + 1)) flight.abort()
    }
    for (let number = first; number <= last; number++) {
      if (!pages.has(number)) void fetchPage(number)
    }
  }

  /**
   * One page, from the server; nothing when that fails (`problem` tells why).
   * needed: somebody waits for the rows themselves, so scrolling elsewhere is no reason to give up.
   */
  function fetchPage(number: number, needed = false): Promise<R[]> {
    const known = flying.get(number)
    if (known) {
      known.needed ||= needed
      return known.rows
    }
    const flight = new AbortController()
    const rows = receive(number, flight).finally(() => {
      if (flying.get(number)?.flight === flight) flying.delete(number)
    })
    flying.set(number, { flight, rows, needed })
    return rows
  }

  async function receive(number: number, flight: AbortController): Promise<R[]> {
    const mine = generation
    try {
      const slice = await load(number * page, page, flight.signal)
      if (mine !== generation) return []
      pages.set(number, slice.rows)
      dropFar()
      total.value = slice.total
      problem.value = null
      loaded.value = true
      version.value++
      return slice.rows
    } catch (reason) {
      if (mine === generation && !isAbort(reason)) problem.value = problemOf(reason)
      return []
    }
  }

  function dropFar(): void {
    const middle = (wanted[0] + wanted[1]) / 2
    const byDistance = [...pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle))
    for (const number of byDistance.slice(0, Math.max(0, pages.size - keep))) pages.delete(number)
  }

  /** Read again what is on screen; the old rows stay until the new ones are here. */
  async function reload(): Promise<void> {
    generation++
    flying.forEach(({ flight }) => flight.abort())
    flying.clear()
    const [first, last] = wanted
    for (const number of [...pages.keys()]) {
      if (number < first || number > last) pages.delete(number)
    }
    await Promise.all(Array.from({ length: last - first + 1 }, (_, index) => fetchPage(first + index)))
  }

  /** Another list (other folder, search or order): nothing of the old one is shown. */
  async function reset(): Promise<void> {
    pages.clear()
    wanted = [0, 0]
    total.value = 0
    loaded.value = false
    problem.value = null
    version.value++
    await reload()
  }

  /** All rows from..to, fetched if need be. */
  async function ensure(from: number, to: number): Promise<R[]> {
    const last = Math.floor(Math.min(to, total.value - 1) / page)
    const rows: R[] = []
    for (let number = Math.floor(from / page); number <= last; number++) {
      const known = pages.get(number) ?? (await fetchPage(number, true))
      rows.push(...known.filter((_, index) => number * page + index >= from && number * page + index <= to))
    }
    return rows
  }

  /** Change rows in place, e.g. mark as read before the server has answered. */
  function patch(change: (row: R) => R): void {
    for (const [number, rows] of pages) pages.set(number, rows.map(change))
    version.value++
  }

  return { total, version, loaded, problem, at, want, reload, reset, ensure, patch }
}
