import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApi, queryText } from '../shared/api'
import { Problem } from '../shared/problem'

const answer = (status: number, body: unknown) =>
  vi.stubGlobal(
    'fetch',
    vi
      .fn()
      .mockResolvedValue(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })),
  )
const failure = async (act: Promise<unknown>): Promise<Problem> => {
  const reason = await act.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(reason).toBeInstanceOf(Problem)
  return reason as Problem
}

afterEach(() => vi.unstubAllGlobals())

describe('the API', () => {
  const api = createApi({ headers: () => ({ 'X-SYNO-TOKEN': 'token' }) })

  it('sends the token and JSON with every change', async () => {
    answer(200, {})
    await api.post('settings/apply', { revision: 1 })
    const [address, options] = vi.mocked(fetch).mock.calls[0] as [string, RequestInit]
    expect(address).toBe('api/settings/apply')
    expect(options.headers).toMatchObject({ 'X-SYNO-TOKEN': 'token', 'Content-Type': 'application/json' })
    expect(options.body).toBe('{"revision":1}')
  })

  it("gives the server's sentence, the next step and the fields", async () => {
    answer(422, {
      code: 'invalid',
      message: 'Wrong.',
      next: 'Correct it.',
      field: 'a',
      fields: { a: 'Bad.' },
    })
    const problem = await failure(api.get('x'))
    expect([problem.status, problem.told, problem.fields]).toEqual([422, 'Wrong. Correct it.', { a: 'Bad.' }])
  })

  it('has words for answers without any', async () => {
    answer(502, '<html>Bad gateway</html>')
    expect((await failure(api.get('x'))).code).toBe('unavailable')
  })

  it('tells when nobody answers at all', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('Failed to fetch')))
    expect((await failure(api.get('x'))).code).toBe('unreachable')
  })

  it('says so when the session has ended', async () => {
    const signedOut = vi.fn()
    answer(401, { code: 'signed_out', message: 'Sign in.' })
    await failure(createApi({ headers: () => ({}), signedOut }).get('x'))
    expect(signedOut).toHaveBeenCalledOnce()
  })

  it('leaves out what is not asked for', () => {
    expect(queryText({ search: '', offset: 0, sort: undefined })).toBe('?offset=0')
    expect(queryText({ search: 'a b&c' })).toBe('?search=a+b%26c')
    expect(queryText({})).toBe('')
  })
})
