import { describe, expect, it } from 'vitest'
import { hashOf, placeOf } from '../mail/place'

describe('the address of a place', () => {
  it.each([
    ['#INBOX', { folder: 'INBOX', uid: 0, search: '' }],
    ['#INBOX/12', { folder: 'INBOX', uid: 12, search: '' }],
    [
      '#Kunden%2FM%C3%BCller%3F/7?q=50%25%20%2F%3F%23',
      { folder: 'Kunden/Müller?', uid: 7, search: '50% /?#' },
    ],
  ])('%s is read and written', (hash, place) => {
    expect(placeOf(hash)).toEqual(place)
    expect(hashOf(place)).toBe(hash)
  })

  it.each(['', '#', '#/', '#INBOX/0', '#INBOX/x', '#INBOX/12/3', '#%E0%A4%A', '#?q=a', '#INBOX/99999999999'])(
    '%s is the inbox',
    (hash) => expect(placeOf(hash)).toEqual({ folder: 'INBOX', uid: 0, search: '' }),
  )
})
