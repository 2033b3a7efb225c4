// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { createApp } from 'vue'
import { dismissToast, runToastAction, toast, toasts } from '../kit/toasts'
import { emptyDraft, localDraft, openedDraft, wrapping } from '../mail/drafts'
import * as local from '../mail/localDrafts'
import { useSaving, type Saving } from '../mail/saving'

const ME = { address: 'lin@example.com' }
const draft = (more: Partial<local.LocalDraft> = {}): local.LocalDraft => ({
  ...emptyDraft(ME),
  id: local.newId(),
  user: 'lin',
  text: '',
  dirty: true,
  subject: 'Half',
  changed: 1,
  ...more,
})

beforeEach(() => localStorage.clear())

describe('plain text that is quoted', () => {
  it('wraps, and keeps its lines, blanks and links', () => {
    const made = wrapping(
      '<p>x</p><pre>one  two\n\t<a href="https://x.example/">link</a>\r\n\n&lt;b&gt;</pre>',
    )
    expect(made).not.toContain('<pre')
    const page = new DOMParser().parseFromString(made, 'text/html').body
    expect(page.querySelectorAll('br')).toHaveLength(3)
    expect(page.textContent).toBe('xone\u00a0 two\u00a0\u00a0\u00a0 link<b>')
    expect(page.querySelector('a')?.getAttribute('href')).toBe('https://x.example/')
  })
})

describe('drafts in this browser', () => {
  it('know of a send whose answer never came', async () => {
    let saving: Saving | undefined
    const page = createApp({
      setup() {
        saving = useSaving(emptyDraft(ME), 'lin', () => draft())
        return () => null
      },
    })
    page.mount(document.createElement('div'))
    saving?.touch()
    const facts = await saving?.sending()
    // As a crash leaves it.
    const found = JSON.parse(localStorage.getItem(localStorage.key(0)!)!) as local.LocalDraft
    page.unmount()
    expect(found.attempts).toEqual([facts?.token])
  })

  it('know of each save whose answer never came', async () => {
    const left = draft({ attempts: ['first'] })
    local.store(left)
    const second = local.newAttempt(left)
    const [found] = await local.orphans('lin')
    expect(found?.attempts).toEqual(['first', second])
    const third = local.newAttempt(found!)
    expect((await local.orphans('lin'))[0]?.attempts).toEqual(['first', second, third])
  })

  it('are found again by their own user alone, the newest first', async () => {
    const [one, other] = [draft({ changed: 1 }), draft({ changed: 2, subject: 'Later' })]
    for (const each of [one, other, draft({ user: 'ben' }), draft({ user: 'lin.x' })]) {
      expect(local.store(each)).toBe(true)
    }
    expect((await local.orphans('lin')).map((each) => each.subject)).toEqual(['Later', 'Half'])
    const found = localDraft((await local.orphans('lin'))[0]!, ME)
    expect([found.changed, found.local, found.message_id]).toEqual([true, other.id, other.message_id])
  })

  it('are left alone while a page has them open', async () => {
    const one = draft()
    local.store(one)
    local.claim(one.id)
    expect(await local.orphans('lin')).toEqual([])
    local.release(one.id)
    expect(await local.orphans('lin')).toHaveLength(1)
  })

  it('are not taken from another page that has them open', async () => {
    const one = draft()
    local.store(one)
    const page = new BroadcastChannel('mailroom-drafts')
    page.onmessage = ({ data }: MessageEvent<{ question?: string }>) =>
      data.question && page.postMessage({ answer: data.question, open: [one.id] })
    expect(await local.orphans('lin')).toEqual([])
    page.close()
  })

  it('are not left behind once they are in Drafts', async () => {
    local.store(draft({ dirty: false }))
    local.store(draft({ subject: 'Only here' }))
    local.removeSaved('lin')
    expect((await local.orphans('lin')).map((each) => each.subject)).toEqual(['Only here'])
  })

  it('that cannot be read are none', async () => {
    localStorage.setItem('mailroom.draft.lin.x', '{half')
    expect(await local.orphans('lin')).toEqual([])
  })
})

describe('a draft from the server', () => {
  it('has a Message-ID in any case, and what it answers', () => {
    const found = openedDraft(
      {
        version: { uidvalidity: 1, uid: 7 },
        message_id: '',
        to: ['ben'],
        cc: [],
        bcc: ['x@example.org'],
        subject: 'S',
        html: '<p>x</p>',
        attachments: [{ id: 'a', name: 'a.txt', size: 3 }],
        reply_to: { folder: 'INBOX', uid: 3 },
        references: ['<1@x.example>'],
      },
      ME,
    )
    expect(found.message_id).toMatch(/^<[0-9a-f]{32}@example\.com>$/)
    expect([found.source, found.files[0]!.name, found.changed]).toEqual([
      { folder: 'INBOX', uid: 3 },
      'a.txt',
      false,
    ])
  })
})

describe('toasts', () => {
  it('come one at a time, and a key does only what says so', () => {
    const done: string[] = []
    toast('first', 'good', { label: 'Undo', key: 'z', run: () => done.push('first') })
    toast('second', 'good', { label: 'Discard', run: () => done.push('second') })
    expect(toasts.value.map((one) => one.text)).toEqual(['second'])
    runToastAction('z')
    expect(done).toEqual([])
    runToastAction()
    expect([done, toasts.value]).toEqual([['second'], []])
    dismissToast(toast('third'))
    expect(toasts.value).toEqual([])
  })
})
