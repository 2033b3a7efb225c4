import { beforeEach, expect, test, vi } from 'vitest'
import { useSettingsPage } from '../admin/settings/useSettingsPage'
import type { Values } from '../forms/schema'

const { get, post } = vi.hoisted(() => ({ get: vi.fn(), post: vi.fn() }))
vi.mock('../admin/session', () => ({ api: { get, post } }))
vi.mock('vue', async (real) => ({ ...(await real<typeof import('vue')>()), onBeforeUnmount: () => {} }))

const schema = { properties: {}, 'x-ui': {} }
let saved: Values
const answer = () => Promise.resolve({ revision: 1, schema, values: structuredClone(saved) })

beforeEach(() => {
  saved = { hops: 50, banner: 'hello' }
  get.mockImplementation(answer)
})

test('what is typed while an Apply runs and the page is read again stays', async () => {
  const page = useSettingsPage('general')
  await page.load()
  page.values.value.hops = 60
  post.mockImplementation(() => {
    saved = { hops: 60, banner: 'hello' }
    page.values.value.banner = 'typed meanwhile'
    return Promise.resolve({ changed: ['hops'], took_ms: 1, warnings: [] })
  })
  get.mockImplementation(() => {
    page.values.value.hops = 61
    return answer()
  })
  await page.apply()
  expect(page.values.value).toEqual({ hops: 61, banner: 'typed meanwhile' })
  expect(page.changes.value).toEqual({ hops: 61, banner: 'typed meanwhile' })
})

test('what somebody else changed is shown where nothing was typed', async () => {
  const page = useSettingsPage('general')
  await page.load()
  saved = { hops: 70, banner: 'theirs' }
  await page.followOthers()
  expect(page.values.value).toEqual(saved)
  expect(page.changed.value).toBe(0)
})
