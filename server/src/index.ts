import { bootstrap } from './plugin/bootstrap';
import { commandService } from './plugin/command-service';
import { destroy } from './plugin/destroy';
import { policies } from './http/policies';
import { controllers, routes } from './http/routes';
import { mediaService } from './plugin/media-service';
import { register } from './plugin/register';

export type { MediaFile, MediaService, OpenedMedia, OpenMediaOptions, UrlOptions } from './core/media/media-files';

export default { register, bootstrap, destroy, routes, policies, controllers, services: { command: commandService, media: mediaService } };
