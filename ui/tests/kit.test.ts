import { beforeEach, describe, expect, it } from 'vitest'
import { ref } from 'vue'
import { useColumnChoice } from '../kit/columns'
import { keepFor } from '../kit/kept'
import { goal, lines, tickOf, withTick, type TreeItem } from '../kit/tree'

const TREE: TreeItem[] = [
  {
    id: 'sales',
    label: 'Sales',
    children: [
      { id: 'anna', label: 'Anna' },
      { id: 'ben', label: 'Ben' },
      { id: 'old', label: 'Old', disabled: true },
    ],
  },
  { id: 'chloe', label: 'Chloe' },
]
const OPEN = new Set(['sales'])

describe('tree', () => {
  it('shows what lies in open branches', () => {
    expect(lines(TREE, new Set()).map((line) => line.item.id)).toEqual(['sales', 'chloe'])
    const ben = lines(TREE, OPEN)[2]!
    expect([ben.level, ben.place, ben.of, ben.parent]).toEqual([2, 2, 3, 'sales'])
  })

  it('ticks a branch with all its leaves, and shows when they differ', () => {
    const some = withTick(TREE[0]!.children![0]!, new Set())
    expect(tickOf(TREE[0]!, some)).toBe('mixed')
    const all = withTick(TREE[0]!, some)
    expect([...all].sort()).toEqual(['anna', 'ben'])
    expect([...withTick(TREE[0]!, new Set([...all, 'old']))]).toEqual(['old'])
    expect(tickOf(TREE[0]!, new Set([...all, 'old']))).toBe('true')
  })

  it('is walked by keys', () => {
    const shown = lines(TREE, OPEN)
    expect(goal('ArrowRight', 0, shown, OPEN)).toBe(1)
    expect(goal('ArrowLeft', 2, shown, OPEN)).toBe(0)
    expect(goal('End', 0, shown, OPEN)).toBe(4)
    expect(goal('ArrowUp', 0, shown, OPEN)).toBe(0)
    expect(goal('c', 0, shown, OPEN)).toBe(4)
    expect(goal('ArrowRight', 4, shown, OPEN)).toBe(null)
    expect(goal('x', 0, shown, OPEN)).toBe(null)
  })
})

describe('choice of columns', () => {
  const columns = ref([{ key: 'name', fixed: true }, { key: 'address' }, { key: 'state' }])
  const keys = (choice: ReturnType<typeof useColumnChoice>) => choice.shown.value.map((column) => column.key)
  beforeEach(() => {
    localStorage.clear()
    keepFor('anna')
  })

  it('is kept for who made it, and can be taken back', async () => {
    const choice = useColumnChoice('users', columns)
    choice.show('address', false)
    choice.move('state', -1)
    await Promise.resolve()
    expect(keys(choice)).toEqual(['name', 'state'])
    expect(keys(useColumnChoice('users', columns))).toEqual(['name', 'state'])
    expect(keys(useColumnChoice('others', columns))).toEqual(['name', 'address', 'state'])
    keepFor('ben')
    expect(keys(useColumnChoice('users', columns))).toEqual(['name', 'address', 'state'])
    keepFor('anna')
    choice.reset()
    await Promise.resolve()
    expect(keys(useColumnChoice('users', columns))).toEqual(['name', 'address', 'state'])
  })

  it('shows a column that is new since then where its page puts it, and a fixed one always', async () => {
    const choice = useColumnChoice('users', columns)
    choice.move('state', -1)
    choice.show('name', false)
    await Promise.resolve()
    const [name, ...others] = columns.value
    const later = useColumnChoice('users', ref([name!, { key: 'why' }, ...others]))
    expect(keys(later)).toEqual(['name', 'why', 'state', 'address'])
  })
})
