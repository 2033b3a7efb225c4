import type { OpenSession } from '../shared/sessions/types'

const NOW = () => Date.now() / 1000

/** What is open, made up. whose: one user's alone. */
export function sessions(whose = ''): { sessions: OpenSession[] } {
  const found: OpenSession[] = [
    row('window', 'admin', '192.168.1.20', NOW() - 600, !whose),
    row('portal', 'anna', '203.0.113.40', NOW() - 7_200, whose === 'anna'),
    row('portal', 'anna', '192.168.1.31', NOW() - 90_000, false),
    row('imap', 'anna', '192.168.1.31', null, false),
    row('pop3', 'ben', '2001:db8:77::1f', null, false),
  ]
  return { sessions: found.filter((one) => !whose || one.user === whose) }
}

function row(
  kind: OpenSession['kind'],
  user: string,
  address: string,
  opened: number | null,
  current: boolean,
): OpenSession {
  const connections = opened === null ? 3 : null
  return { kind, id: `${kind} ${user} ${address}`, user, opened, address, connections, current }
}
