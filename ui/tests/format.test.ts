import { afterEach, describe, expect, it } from 'vitest'
import { ago } from '../shared/format'
import { setLanguage } from '../shared/i18n'

const NOW = 1_796_056_000
const DAY_S = 86_400

describe('how long ago something was', () => {
  afterEach(() => setLanguage('en'))

  it('is said in the largest unit, and never in the future', () => {
    const said = [-500, 0, 59, 60, 3_599, 7_300, DAY_S, 40 * DAY_S, 800 * DAY_S].map((s) => ago(NOW - s, NOW))
    expect(said).toEqual([
      'now',
      'now',
      'now',
      '1 minute ago',
      '59 minutes ago',
      '2 hours ago',
      '1 day ago',
      '40 days ago',
      '2 years ago',
    ])
  })

  it('is a sentence of the language, not words put together', async () => {
    await setLanguage('de')
    expect(ago(NOW - 5 * DAY_S, NOW)).toBe('vor 5 Tagen')
  })
})
