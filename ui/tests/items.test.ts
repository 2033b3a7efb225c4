import { describe, expect, it } from 'vitest'
import { faultsOf, listEdit, movedTo, newItem, type Item } from '../forms/items'

const item = (id: string, name = id): Item => ({ id, name })
const saved = [item('a'), item('b'), item('c')]

describe('list settings', () => {
  it('sends nothing for a list that is as it was', () => {
    expect(listEdit(saved, structuredClone(saved))).toEqual({})
  })

  it('sends only the items that were changed, added or removed', () => {
    const fresh = newItem({ name: 'fresh' })
    const now = [item('a', 'other'), item('c'), fresh]
    expect(listEdit(saved, now)).toEqual({
      put: [{ id: 'a', name: 'other' }, fresh],
      drop: ['b'],
    })
  })

  it('sends the order only when it differs', () => {
    expect(listEdit(saved, movedTo(saved, 2, 0))).toEqual({ order: ['c', 'a', 'b'] })
    expect(listEdit(saved, [item('a'), item('c')])).toEqual({ drop: ['b'] })
    const fresh = newItem({ name: 'fresh' })
    expect(listEdit(saved, [fresh, ...saved])).toEqual({ put: [fresh], order: [fresh.id, 'a', 'b', 'c'] })
  })

  it('gives a new item an id that the server keeps', () => {
    const ids = new Set(Array.from({ length: 500 }, () => newItem({}).id))
    expect(ids.size).toBe(500)
    expect([...ids].every((id) => /^[a-z0-9]{1,16}$/.test(id))).toBe(true)
  })

  it('finds what was refused in one item, and in no other', () => {
    const errors = {
      'rules/a/name': 'x',
      'rules/a': 'y',
      'rules/ab/name': 'z',
      rules: 'all',
      'other/a/name': 'o',
    }
    expect(faultsOf(errors, 'rules', 'a')).toEqual({ name: 'x', '': 'y' })
  })
})
