import { ALIAS_ROUTES } from './aliases'
import { CERTIFICATE_ROUTES } from './certificate'
import { QUOTA_ROUTES } from './quota'
import { RELAY_ROUTES } from './relay'
import { DEFINITIONS_ROUTES } from './definitions'
import { SEARCH_ROUTES } from './search-index'

/** What the pages of Service and Mail Delivery ask beside their settings. */
export const DELIVERY_ROUTES = [
  ...ALIAS_ROUTES,
  ...CERTIFICATE_ROUTES,
  ...QUOTA_ROUTES,
  ...RELAY_ROUTES,
  ...DEFINITIONS_ROUTES,
  ...SEARCH_ROUTES,
]
