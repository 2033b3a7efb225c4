import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isAddress as isMember } from '../forms/members'
import { ends, splitRecipients, written } from '../mail/addresses'
import { isAddress, parsed } from '../shared/mailbox'

interface Row {
  text: string
  address: string
  name: string
  member: boolean
}

/** The table that tests/unit/core/test_mailbox.py reads, too. */
const table = JSON.parse(readFileSync('../tests/samples/addresses.json', 'utf8')) as Row[]
const good = table.filter((row) => row.address)
const ascii = (address: string) =>
  address.replace('bücher', 'xn--bcher-kva').replace('例え.テスト', 'xn--r8jz45g.xn--zckzah')

describe('an address as it came', () => {
  it.each(table)('$text', (row) => {
    const found = parsed(row.text)
    expect([ascii(found?.address ?? ''), found?.name ?? '']).toEqual([row.address, row.name])
    expect(isAddress(row.text)).toBe(row.address !== '')
    expect(isMember(row.text)).toBe(row.member)
  })

  it.each(good)('is read again as it is written: $text', (row) => {
    const text = written({ name: row.name, address: row.address })
    expect(parsed(text)).toEqual({ name: row.name, address: row.address })
    expect(splitRecipients(text)).toEqual([text])
    expect(splitRecipients(`${text}, a@x.example;${text}\n`)).toEqual([text, 'a@x.example', text])
  })
})

describe('recipients that are typed', () => {
  it.each([
    ['"Doe', ','],
    ['"Doe, John', ','],
    ['Doe', ','],
    ['Doe, John', ','],
    ['Doe, John <jd@world.example', ','],
    ['"a;b', ';'],
  ])('%s goes on after %s', (text, key) => expect(ends(text, key)).toBe(false))

  it.each([
    ['jd@world.example', ','],
    ['"Doe, John" <jd@world.example>', ','],
    ['Doe, John <jd@world.example>', ','],
    ['Doe', ';'],
  ])('%s ends at %s', (text, key) => expect(ends(text, key)).toBe(true))

  it.each([
    ['"Doe, John" <jd@world.example>', ['"Doe, John" <jd@world.example>']],
    ['Doe, John <jd@world.example>', ['Doe, John <jd@world.example>']],
    ['a@x.example, Doe, John <jd@world.example>', ['a@x.example', 'Doe, John <jd@world.example>']],
    ['a@x.example (Jane, sales), b@x.example', ['a@x.example (Jane, sales)', 'b@x.example']],
    ['a@x.example,b@x.example;c@x.example', ['a@x.example', 'b@x.example', 'c@x.example']],
    ['jane, bob', ['jane', 'bob']],
    ['"a,b"@x.example, c@x.example', ['"a,b"@x.example', 'c@x.example']],
  ])('%s is split so', (text, parts) => expect(splitRecipients(text)).toEqual(parts))
})
