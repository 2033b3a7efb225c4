import { describe, expect, it } from 'vitest'
import pages from '../dev/pages.json'
import {
  blocker,
  changesOf,
  choicesOf,
  dependence,
  errorsOf,
  fieldsOf,
  greyed,
  groupsOf,
  inWords,
  type SettingsSchema,
} from '../forms/schema'

const page = (name: keyof typeof pages) => ({
  schema: pages[name].schema as unknown as SettingsSchema,
  values: structuredClone(pages[name].defaults) as Record<string, unknown>,
})
const field = (schema: SettingsSchema, name: string) => fieldsOf(schema).find((one) => one.name === name)!

describe('a form made from a schema', () => {
  it('has every setting of every page in exactly one box', () => {
    for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
      const { schema } = page(name)
      const shown = groupsOf(schema).flatMap((group) => group.fields.map((one) => one.name))
      expect(shown.sort()).toEqual(Object.keys(schema.properties).sort())
    }
  })

  it('accepts the defaults of every page', () => {
    for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
      const { schema, values } = page(name)
      expect(errorsOf(schema, values)).toEqual({})
    }
  })

  it('chooses controls by type and hint', () => {
    const { schema } = page('security.spam')
    expect(field(schema, 'enabled').widget).toBe('check')
    expect(field(schema, 'engine').widget).toBe('select')
    expect(field(schema, 'threshold').widget).toBe('number')
    expect(field(schema, 'when_down').widget).toBe('radio')
    expect(field(page('mail_delivery.general').schema, 'lan_networks').widget).toBe('tags')
  })

  it('lets every choice be chosen, and nothing be typed in its place', () => {
    for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
      const { schema } = page(name)
      const items = Object.values(schema.$defs ?? {}) as unknown as SettingsSchema[]
      for (const one of [schema, ...items].filter(({ properties }) => properties).flatMap(fieldsOf)) {
        if (!one.hints.labels || one.property.type === 'array') continue
        const choices = choicesOf(one.property) ?? []
        if (!choices.length) continue
        expect([name, one.name, one.widget]).toEqual([
          name,
          one.name,
          expect.stringMatching(/^(select|radio)$/),
        ])
        expect(choices.map(String).sort()).toEqual(Object.keys(one.hints.labels).sort())
      }
    }
    // A choice of one comes as `const`.
    const engine = field(page('security.antivirus').schema, 'engine')
    expect([engine.widget, choicesOf(engine.property)]).toEqual(['select', ['clamav']])
  })

  it('names what is wrong, each in its own words', () => {
    const { schema, values } = page('mail_delivery.general')
    const wrong = { ...values, max_hops: 70000, max_recipients: null, max_message_mb: 1.5, domain: 'no dots' }
    expect(errorsOf(schema, wrong)).toEqual({
      max_hops: 'Enter a number from 1 to 1,000.',
      max_recipients: 'This field may not be empty.',
      max_message_mb: 'Enter a whole number.',
      domain: 'Write it like this: example.com',
    })
  })

  it('keeps what is no number as the text that was typed, and refuses it', () => {
    const { schema, values } = page('mail_delivery.general')
    expect(errorsOf(schema, { ...values, max_hops: 'many' })).toHaveProperty('max_hops')
  })

  it('tells which field keeps another from having an effect, over several steps', () => {
    const { schema, values } = page('security.spam')
    const fields = fieldsOf(schema)
    const prefix = field(schema, 'subject_prefix')
    expect(blocker(prefix, fields, { ...values, enabled: true, tag_subject: true })).toBeNull()
    expect(blocker(prefix, fields, { ...values, enabled: true, tag_subject: false })?.field.name).toBe(
      'tag_subject',
    )
    expect(blocker(prefix, fields, { ...values, enabled: false, tag_subject: true })?.field.name).toBe(
      'enabled',
    )
  })

  it('says which way each field depends on another', () => {
    const said = (Object.keys(pages) as (keyof typeof pages)[]).flatMap((name) => {
      const { schema } = page(name)
      const fields = fieldsOf(schema)
      return fields.flatMap((field) =>
        Object.entries(field.hints.depends ?? {}).map(([above, needed]) => {
          const other = fields.find((one) => one.name === above)!
          expect(other, `${name}: ${above}`).toBeDefined()
          return dependence({ field: other, needed: Array.isArray(needed) ? needed : [needed] })
        }),
      )
    })
    expect(said.length).toBeGreaterThan(30)
    expect(said.filter((text) => !/^(Needs “.+”|Not used while “.+” is .+)\.$/.test(text))).toEqual([])
    expect(said).toContain('Needs “Enable SMTP Relay”.')
    expect(said).toContain('Not used while “Enable SMTP Relay” is on.')
  })

  it('lets no example look like a value', () => {
    const all = (Object.keys(pages) as (keyof typeof pages)[]).flatMap((name) => {
      const { schema, values } = page(name)
      return fieldsOf(schema).map((field) => [field, greyed(field, values)] as const)
    })
    const shown = all.filter(([field, text]) => text && text !== field.hints.labels?.[''])
    expect(shown.length).toBeGreaterThan(10)
    expect(shown.filter(([, text]) => !text!.includes('e.g.'))).toEqual([])
  })

  it('does not hold against anybody what has no effect', () => {
    const { schema, values } = page('security.spam')
    const empty = { ...values, tag_subject: false, subject_prefix: '' }
    expect(errorsOf(schema, empty)).toEqual({})
    expect(errorsOf(schema, { ...empty, tag_subject: true })).toHaveProperty('subject_prefix')
  })

  it('sends only what was changed', () => {
    const { values } = page('mail_delivery.general')
    const now = { ...structuredClone(values), max_hops: 40, lan_networks: ['10.0.0.0/8'] }
    expect(changesOf(values, now)).toEqual({ max_hops: 40, lan_networks: ['10.0.0.0/8'] })
    expect(changesOf(values, structuredClone(values))).toEqual({})
  })

  it('shows values in words', () => {
    const spam = page('security.spam').schema
    expect(inWords(field(spam, 'engine'), 'rspamd')).toBe('Rspamd')
    expect(inWords(field(spam, 'enabled'), false)).toBe('Off')
    expect(inWords(field(page('mail_delivery.general').schema, 'max_message_mb'), 30)).toBe('30 MB')
    expect(inWords(undefined, [])).toBe('(empty)')
  })
})
