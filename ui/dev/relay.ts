import type { Call, Reply } from './mock'

/** A made-up relay: "smtp.example.com" works; of any other server the certificate is not trusted. */
const step = (id: string, state: string, words = '', text = '') => ({ id, state, text, words })

function tried({ body }: Call): Reply {
  const { server } = body.changes as { server?: string }
  const reached = [
    step('name', 'ok', '192.0.2.25'),
    step('connect', 'ok', '220 smtp.example.com ESMTP ready'),
  ]
  if (server === 'smtp.example.com') {
    const rest = [
      step('tls', 'ok', 'TLSv1.3'),
      step('sign_in', 'ok', 'PLAIN'),
      step('recipient', 'ok', '250 2.1.5 Ok'),
    ]
    return { json: { ok: true, steps: [...reached, ...rest], next: '' } }
  }
  const rest = [
    step(
      'tls',
      'failed',
      'Hostname mismatch, certificate is not valid for this server',
      'The certificate of the server cannot be trusted.',
    ),
    step('sign_in', 'not_tried'),
    step('recipient', 'not_tried'),
  ]
  const next =
    "Compare port and kind of TLS with what the server's owner says: 465 begins with TLS, 587 uses STARTTLS."
  return { json: { ok: false, steps: [...reached, ...rest], next } }
}

export const RELAY_ROUTES: [RegExp, string, (call: Call) => Reply][] = [[/^relay\/test$/, 'POST', tried]]
