/** Texts as they come: short, long, in other scripts, without a place to break. */
export const LONG =
  'Höchstgrenze für die Größe eingehender und ausgehender Nachrichten einschließlich aller Anhänge überschreiten'
export const UNBROKEN = 'a-very-long-name-without-any-place-to-break@department.of.a.long.domain.example.com'
export const JAPANESE = '受信メールの最大サイズを超えています'
export const CHINESE = '超過內送郵件大小上限'
export const PLAIN = 'The mail server takes messages of at most 30 MB.'
