import { ALIAS_ROUTES } from './aliases'
import { QUOTA_ROUTES } from './quota'
import { RELAY_ROUTES } from './relay'

/** What the pages of Mail Delivery ask beside their settings. */
export const DELIVERY_ROUTES = [...ALIAS_ROUTES, ...QUOTA_ROUTES, ...RELAY_ROUTES]
