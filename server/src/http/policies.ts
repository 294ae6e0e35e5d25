/** What Strapi hands a policy of an admin route; its types know nothing of the ability. */
export interface AdminContext {
  state: { userAbility: { can(action: string): boolean } };
}

/** By the name that follows `plugin::s3-storage.` */
export const policies = {
  /** Lets through whoever has one of the actions; Strapi's own `admin::hasPermissions` asks for all of them. */
  'has-any-permission': ({ state: { userAbility } }: AdminContext, { actions }: { actions: readonly string[] }): boolean =>
    actions.some((action) => userAbility.can(action)),
};
