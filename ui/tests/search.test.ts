import { describe, expect, it } from 'vitest'
import { notes, notesFor } from '../admin/later'
import { search, type Place } from '../admin/search'

const place = (title: string, parameter = '', more = '', where = 'Service › Protocol'): Place => ({
  menu: 'service',
  tab: 'protocol',
  field: title,
  title,
  where,
  parameter,
  more,
})
const PLACES = [
  place('Enable SMTP', 'master.cf smtp/inet', 'Receives mail from other servers.'),
  place('Hostname (FQDN)', 'myhostname', 'The name by which this server greets others.'),
  place(
    'Maximum size per email',
    'message_size_limit',
    'Larger messages are refused.',
    'Mail Delivery › General',
  ),
  place('Größe der Übergabe', '', 'limit'),
]
const titles = (text: string) => search(PLACES, text).map((one) => one.title)

describe('search', () => {
  it('finds by the words on screen, in any order', () => {
    expect(titles('size maximum')).toEqual(['Maximum size per email'])
    expect(titles('HOSTNAME')).toEqual(['Hostname (FQDN)'])
  })

  it("finds by the daemons' parameters, whole or in part", () => {
    expect(titles('message_size_limit')).toEqual(['Maximum size per email'])
    expect(titles('myhost')).toEqual(['Hostname (FQDN)'])
  })

  it('finds by what the help says and where it is', () => {
    expect(titles('greets')).toEqual(['Hostname (FQDN)'])
    expect(titles('delivery')).toEqual(['Maximum size per email'])
  })

  it('wants every word, and puts titles before help', () => {
    expect(titles('size nonsense')).toEqual([])
    expect(search([...PLACES, place('Limit')], 'limit').map((one) => one.title)[0]).toBe('Limit')
  })

  it('does not mind accents', () => {
    expect(titles('grosse ubergabe')).toEqual(['Größe der Übergabe'])
  })

  it('finds nothing for nothing', () => {
    expect(titles('  ')).toEqual([])
  })
})

describe('what has no page', () => {
  const told = (text: string) => notesFor(notes(), text).map((note) => note.id)

  it.each([
    ['greylist', 'greylisting'],
    ['postscreen', 'greylisting'],
    ['DKIM', 'authentication'],
    ['auto-reply', 'auto_reply'],
    ['vacation', 'auto_reply'],
    ['out of office', 'auto_reply'],
    ['log', 'logs'],
    ['language', 'language'],
    ['open relay', 'open_relay'],
    ['MCP', 'content'],
  ])('says so of %s', (text, id) => {
    expect(told(text)).toContain(id)
  })

  it.each(['queue', 'size', 'a', '', 'certificate', 'alias'])('says nothing of %s', (text) => {
    expect(told(text)).toEqual([])
  })
})
