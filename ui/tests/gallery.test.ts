import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const KIT = join(import.meta.dirname, '..', 'kit')
const parts = readdirSync(KIT).filter((file) => file.endsWith('.vue'))
const shown = readdirSync(join(KIT, 'gallery', 'shows'))

describe('the page of the kit', () => {
  it('shows every part of the kit, and nothing else', () => {
    expect(parts.length).toBeGreaterThan(20)
    expect(shown.sort()).toEqual(parts.sort())
  })

  it.each(shown)('%s shows the part of its name, more than once', (file) => {
    const text = readFileSync(join(KIT, 'gallery', 'shows', file), 'utf8')
    expect(text).toContain(`from '../../${file}'`)
    expect(text.match(/<Case\b/g)).toBeTruthy()
  })
})
