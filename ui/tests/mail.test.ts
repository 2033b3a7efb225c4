import { describe, expect, it } from 'vitest'
import { bare, distinct, splitRecipients, written } from '../mail/addresses'
import { draftFrom, newMessageId, prefixed } from '../mail/drafts'
import type { Message } from '../mail/types'
import { isAddress } from '../shared/mailbox'

const ME = { address: 'lin@example.com' }
const message = (more: Partial<Message> = {}): Message => ({
  uid: 7,
  from: { name: 'Keller, Anna', address: 'anna@example.org' },
  to: [
    { name: 'Lin', address: 'LIN@example.com' },
    { name: 'Ben', address: 'ben@example.com' },
  ],
  cc: [
    { name: '', address: 'cc@example.com' },
    { name: 'Ben', address: 'ben@example.com' },
  ],
  reply_to: [],
  subject: 'Lunch?',
  date: '2026-11-24T09:00:00+00:00',
  message_id: '<1@example.org>',
  seen: true,
  flagged: false,
  answered: false,
  remote_images: false,
  repeated: [],
  truncated: false,
  pictures: [],
  attachments: [{ part: '2', name: 'menu.pdf', type: 'application/pdf', size: 10 }],
  text: '',
  ...more,
})

describe('recipients', () => {
  it('are split where people separate them, but not inside quotes', () => {
    expect(splitRecipients('a@x.org, "Doe, Jane" <j@x.org>;c@x.org\nd@x.org,')).toEqual([
      'a@x.org',
      '"Doe, Jane" <j@x.org>',
      'c@x.org',
      'd@x.org',
    ])
  })

  it('are recognised with and without a name', () => {
    expect(bare('"Doe, Jane" <j@x.org>')).toBe('j@x.org')
    expect(['j@x.org', 'Jane <j@x.org>', 'o@bücher.example'].map(isAddress)).toEqual([true, true, true])
    expect(['jane', 'j@x', 'j@@x.org', 'j k@x.org', '<>', ''].map(isAddress)).toEqual(Array(6).fill(false))
  })

  it('are written so that they can be read again', () => {
    for (const name of ['Jane Doe', 'Doe, Jane', 'Jane "J" Doe', '林 玉婷', 'a\\b']) {
      const text = written({ name, address: 'j@x.org' })
      expect(splitRecipients(text)).toEqual([text])
      expect(bare(text)).toBe('j@x.org')
    }
  })

  it('come once each', () => {
    const people = [
      { name: 'A', address: 'a@x.org' },
      { name: '', address: 'A@X.org' },
      { name: 'B', address: 'b@x.org' },
    ]
    expect(distinct(people, ['B@x.org'])).toEqual([people[0]])
  })
})

describe('answers', () => {
  it('go to the sender, or to whom the sender wants', () => {
    expect(draftFrom('reply', message(), 'INBOX', '', ME).to).toEqual(['"Keller, Anna" <anna@example.org>'])
    const elsewhere = message({ reply_to: [{ name: '', address: 'list@example.org' }] })
    expect(draftFrom('reply', elsewhere, 'INBOX', '', ME).to).toEqual(['list@example.org'])
  })

  it('to all leave out oneself, and nobody gets it twice', () => {
    const draft = draftFrom('reply_all', message(), 'INBOX', '', ME)
    expect(draft.to).toEqual(['"Keller, Anna" <anna@example.org>', 'Ben <ben@example.com>'])
    expect(draft.cc).toEqual(['cc@example.com'])
    expect(draft.source).toEqual({ folder: 'INBOX', uid: 7 })
  })

  it('to an own message go to its recipients', () => {
    const own = message({
      from: { name: 'Lin', address: 'lin@example.com' },
      to: [{ name: '', address: 'x@example.org' }],
    })
    expect(draftFrom('reply', own, 'Sent', '', ME).to).toEqual(['x@example.org'])
  })

  it('go to whom a Reply-To names, also when one wrote it oneself', () => {
    const me = { name: '', address: 'Lin@example.com' }
    const customer = { name: 'Customer', address: 'c@example.org' }
    const form = message({ from: me, to: [me], reply_to: [customer] })
    const to = (kind: 'reply' | 'reply_all', more: Partial<Message>) =>
      draftFrom(kind, message({ ...form, ...more }), 'INBOX', '', ME).to
    expect(to('reply', {})).toEqual(['Customer <c@example.org>'])
    expect(to('reply', { reply_to: [me, customer] })).toEqual(['Customer <c@example.org>'])
    expect(to('reply_all', {})).toEqual(['Customer <c@example.org>'])
    expect(to('reply', { reply_to: [me] })).toEqual(['Lin@example.com'])
    expect(to('reply', { from: customer, reply_to: [me] })).toEqual(['Customer <c@example.org>'])
    expect(to('reply', { reply_to: [], to: [customer] })).toEqual(['Customer <c@example.org>'])
  })

  it('quote with the names made harmless', () => {
    const evil = message({ from: { name: '<img src=x onerror=alert(1)>', address: 'e@example.org' } })
    expect(draftFrom('reply', evil, 'INBOX', '<p>Hi</p>', ME).quote).toContain('&lt;img src=x')
  })

  it('keep one prefix', () => {
    expect(prefixed('Re', 'Lunch?')).toBe('Re: Lunch?')
    expect(prefixed('Re', 're: Lunch?')).toBe('re: Lunch?')
  })

  it('that forward take the attachments along and answer nobody', () => {
    const draft = draftFrom('forward', message(), 'INBOX', '', ME)
    expect([draft.to, draft.subject, draft.attachments.length, draft.source]).toEqual([
      [],
      'Fwd: Lunch?',
      1,
      null,
    ])
  })

  it('that forward keep the pictures that the text shows, as files', () => {
    const logo = { part: '1.2', name: 'l.png', type: 'image/png', size: 10 }
    const draft = draftFrom('forward', message({ pictures: [logo] }), 'INBOX', '', ME)
    expect(draft.attachments.map((one) => one.name)).toEqual(['menu.pdf', 'l.png'])
  })

  it('has a Message-ID in ASCII, whatever letters the domain is shown in', () => {
    expect(newMessageId({ ...ME, address: 'a@bücher.example' })).toMatch(/@xn--bcher-kva\.example>$/)
    expect(newMessageId({ ...ME, address: 'a@mail.example' })).toMatch(/@mail\.example>$/)
    for (const none of ['', 'a@', 'a@b c']) expect(newMessageId({ ...ME, address: none })).toMatch(/@localhost>$/)
  })

  it('each have a Message-ID of their own, in the own domain', () => {
    const ids = new Set(Array.from({ length: 100 }, () => newMessageId(ME)))
    expect(ids.size).toBe(100)
    for (const id of ids) expect(id).toMatch(/^<[0-9a-f]{32}@example\.com>$/)
  })
})
