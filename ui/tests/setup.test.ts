import { describe, expect, it } from 'vitest'
import {
  FINISH,
  PAGES,
  SUMMARY,
  answersFrom,
  asAnswer,
  pageFor,
  pageOf,
  suggestedName,
} from '../admin/setup/steps'

describe('the pages of the set-up wizard', () => {
  it('come back where one was, but never into an Apply that has ended', () => {
    expect(PAGES[pageFor('dns')]!.id).toBe('dns')
    expect(pageFor('finish')).toBe(SUMMARY)
    expect(pageFor('')).toBe(0)
    expect(pageFor('of a newer version')).toBe(0)
    expect(SUMMARY).toBeLessThan(FINISH)
  })

  it('lead to the field at fault', () => {
    expect(PAGES[pageOf('hostname')]!.id).toBe('names')
    expect(PAGES[pageOf('volume')]!.id).toBe('server')
    expect(pageOf('of a newer version')).toBe(0)
  })
})

describe('the answers of the set-up wizard', () => {
  it('are the usual ones until somebody has answered', () => {
    const answers = answersFrom({
      domain: 'mailroom.invalid',
      hostname: 'mail.mailroom.invalid',
      interface: 'eth1',
    })
    expect(answers).toMatchObject({
      start: 'new',
      account_type: 'local',
      domain: '',
      hostname: '',
      interface: 'eth1',
    })
  })

  it('suggest a host name for a domain, and none for nothing', () => {
    expect(suggestedName(' example.com ')).toBe('mail.example.com')
    expect(suggestedName(' ')).toBe('')
  })

  it('say an interface as they ask for it', () => {
    expect(asAnswer('interface', 'all')).toBe('')
    expect(asAnswer('interface', 'eth0')).toBe('eth0')
    expect(asAnswer('domain', 'all')).toBe('all')
  })
})
