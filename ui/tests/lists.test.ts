import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { moved, nextSort, range, toggled } from '../kit/selection'
import { waitMs } from '../shared/events'
import { usePaged } from '../shared/paged'

describe('choosing in a grid', () => {
  it('moves within the list, whatever the key', () => {
    expect(moved('ArrowDown', 4, 10, 3)).toBe(5)
    expect(moved('ArrowDown', 9, 10, 3)).toBe(9)
    expect(moved('PageUp', 2, 10, 3)).toBe(0)
    expect(moved('End', 0, 10, 3)).toBe(9)
    expect(moved('x', 0, 10, 3)).toBeNull()
    expect(moved('End', 0, 0, 3)).toBeNull()
  })

  it('extends from the anchor in both directions', () => {
    expect(range(3, 7)).toEqual([3, 7])
    expect(range(7, 3)).toEqual([3, 7])
  })

  it('puts one in and takes it out, and leaves the old set alone', () => {
    const before = new Set(['a'])
    expect([...toggled(before, 'b')]).toEqual(['a', 'b'])
    expect([...toggled(before, 'a')]).toEqual([])
    expect([...before]).toEqual(['a'])
  })

  it('sorts up, down, and not at all', () => {
    const first = nextSort('', 'name')
    const second = nextSort(first, 'name')
    expect([first, second, nextSort(second, 'name'), nextSort('name', 'age')]).toEqual([
      'name',
      '-name',
      '',
      'age',
    ])
  })
})

describe('a long list in pages', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  function numbers(total: number) {
    const asked: number[] = []
    const list = usePaged<number>(
      async (offset, limit, signal) => {
        asked.push(offset)
        await new Promise((resolve) => setTimeout(resolve, 100))
        if (signal.aborted) throw new DOMException('', 'AbortError')
        const rows = Array.from(
          { length: Math.max(0, Math.min(limit, total - offset)) },
          (_, index) => offset + index,
        )
        return { total, rows }
      },
      100,
      3,
    )
    return { asked, list }
  }

  it('asks only for what is wanted, each page once', async () => {
    const { asked, list } = numbers(1000)
    list.want(0, 30)
    await vi.runAllTimersAsync()
    list.want(5, 60)
    await vi.runAllTimersAsync()
    list.want(450, 520)
    await vi.runAllTimersAsync()
    expect(asked).toEqual([0, 400, 500])
    expect([list.at(7), list.at(499), list.at(300), list.total.value]).toEqual([7, 499, undefined, 1000])
  })

  it('asks only where a long drag ends', async () => {
    const { asked, list } = numbers(100_000)
    list.want(0, 30)
    await vi.runAllTimersAsync()
    for (let at = 0; at < 90_000; at += 1000) list.want(at, at + 30)
    await vi.runAllTimersAsync()
    expect(asked).toEqual([0, 89_000])
  })

  it('forgets the farthest pages, never those on screen', async () => {
    const { list } = numbers(10_000)
    for (const at of [0, 1000, 2000, 3000, 4000]) {
      list.want(at, at + 50)
      await vi.runAllTimersAsync()
    }
    expect(list.at(0)).toBeUndefined()
    expect(list.at(4000)).toBe(4000)
  })

  it('gives a whole range, also across pages that were never seen', async () => {
    const { list } = numbers(1000)
    const read = list.reload()
    await vi.runAllTimersAsync()
    await read
    const rows = list.ensure(150, 420)
    await vi.runAllTimersAsync()
    expect(await rows).toEqual(Array.from({ length: 271 }, (_, index) => 150 + index))
  })

  it('gives a whole range even when one scrolls elsewhere meanwhile', async () => {
    const { list } = numbers(1000)
    list.want(0, 30)
    await vi.runAllTimersAsync()
    const rows = list.ensure(0, 999)
    list.want(950, 999)
    await vi.runAllTimersAsync()
    expect((await rows).length).toBe(1000)
  })

  it('does not show the answer to a question that is no longer asked', async () => {
    const answers: ((rows: string[]) => void)[] = []
    const list = usePaged<string>(
      () => new Promise((resolve) => answers.push((rows) => resolve({ total: rows.length, rows }))),
    )
    const first = list.reset()
    const second = list.reset()
    answers[1]!(['new'])
    answers[0]!(['old'])
    await Promise.all([first, second])
    expect([list.total.value, list.at(0)]).toEqual([1, 'new'])
  })

  it('keeps the rows when reading again fails, and says so', async () => {
    let fails = false
    const list = usePaged<string>(() =>
      fails ? Promise.reject(new Error('away')) : Promise.resolve({ total: 1, rows: ['row'] }),
    )
    await list.reload()
    fails = true
    await list.reload()
    expect([list.at(0), list.problem.value?.message]).toEqual(['row', 'away'])
  })
})

describe('live updates', () => {
  it('come back with growing pauses of at most about half a minute', () => {
    expect([0, 1, 2, 3].map((attempt) => waitMs(attempt, 0))).toEqual([1000, 2000, 4000, 8000])
    expect(waitMs(20, 1)).toBe(36_000)
  })
})
