import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'
import { portal } from './portal'
import { windowApi } from './window'

export interface Call {
  method: string
  path: string
  query: URLSearchParams
  body: Record<string, unknown>
}

export interface Reply {
  status?: number
  json?: unknown
  html?: string
  file?: string
}

export type Api = (call: Call) => Reply | undefined

/** Servers' events: each open stream, so that a mocked change can be told. */
const streams = new Set<ServerResponse>()

export function tell(event: string, data: unknown): void {
  for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/**
 * For development without a server: /w/ is the window, /m/ the portal, each with a made-up API.
 * The real ones are served by the web process; nothing of this is in a build.
 */
export function mock(): Plugin {
  const use = (server: { middlewares: Connect.Server }) => {
    server.middlewares.use((request, response, next) => {
      // Tests of what was built give the policy that the web process sends.
      if (process.env.MAILROOM_UI_POLICY)
        response.setHeader('Content-Security-Policy', process.env.MAILROOM_UI_POLICY)
      void answer(request, response, next)
    })
  }
  return { name: 'mailroom-mock', configureServer: use, configurePreviewServer: use }
}

async function answer(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
  const address = new URL(request.url ?? '/', 'http://localhost')
  const [, place, rest = ''] = /^\/([wm])\/(.*)$/.exec(address.pathname) ?? []
  if (!place) return next()
  if (!rest.startsWith('api/')) {
    const page = place === 'w' ? 'admin.html' : 'mail.html'
    request.url = `/${rest || page}${address.search}`
    return next()
  }
  if (/^api\/(.+\/)?events$/.test(rest)) return openStream(response)
  const call = {
    method: request.method ?? 'GET',
    path: rest.slice('api/'.length),
    query: address.searchParams,
    body: await bodyOf(request),
  }
  const api = place === 'w' ? windowApi : portal
  send(
    response,
    api(call) ?? { status: 404, json: { code: 'not_found', message: 'There is no such thing.' } },
  )
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(': hello\n\n')
  streams.add(response)
  response.on('close', () => streams.delete(response))
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const whole = Buffer.concat(parts)
  try {
    return JSON.parse(whole.toString() || '{}') as Record<string, unknown>
  } catch {
    return { bytes: whole.length }
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const type =
    reply.html !== undefined
      ? 'text/html; charset=utf-8'
      : reply.file !== undefined
        ? 'application/octet-stream'
        : 'application/json'
  const headers: Record<string, string> = { 'Content-Type': type, 'Cache-Control': 'no-store' }
  if (reply.html !== undefined) {
    headers['Content-Security-Policy'] =
      "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; " +
      "img-src data: 'self'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
  }
  if (reply.file !== undefined) headers['Content-Disposition'] = 'attachment; filename="file.bin"'
  response.writeHead(reply.status ?? 200, headers)
  response.end(reply.html ?? reply.file ?? JSON.stringify(reply.json ?? {}))
}
