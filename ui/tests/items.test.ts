import { describe, expect, it } from 'vitest'
import { listEdit, movedTo, newItem, type Item } from '../forms/items'

const item = (id: string, name = id): Item => ({ id, name })
const saved = [item('a'), item('b'), item('c')]

describe('list settings', () => {
  it('sends nothing for a list that is as it was', () => {
    expect(listEdit(saved, structuredClone(saved))).toEqual({})
  })

  it('sends only the items that were changed, added or removed', () => {
    const now = [item('a', 'other'), item('c'), newItem({ name: 'fresh' })]
    expect(listEdit(saved, now)).toEqual({
      put: [{ id: 'a', name: 'other' }, { name: 'fresh' }],
      drop: ['b'],
    })
  })

  it('sends the order only when it differs', () => {
    expect(listEdit(saved, movedTo(saved, 2, 0))).toEqual({ order: ['c', 'a', 'b'] })
    expect(listEdit(saved, [item('a'), item('c')])).toEqual({ drop: ['b'] })
  })
})
