-- Videos over {days} days with ten log entries and a verdict each. Every fifth failed, every hundredth is
-- stuck, of which a third can be recovered.
set synchronous_commit = off;
alter table public.videos disable trigger user;
alter table dailies.log_entries disable trigger user;
alter table dailies.requests disable trigger user;
alter table dailies.tasks disable trigger user;
alter table dailies.verdicts disable trigger user;
insert into public.videos (id, user_id, status, created_at, updated_at, prompt, input_image_url, runway_video_id,
                           error_message, video_url)
select md5('v' || n)::uuid, md5('u' || n % 10000)::uuid,
    case when n % 100 = 1 then 'processing' when n % 5 = 0 then 'failed' else 'succeeded' end,
    at, at + interval '1 second' * (40 + 160 * random() * random()), 'A pet number ' || n || ' performing the Waltz dance style.',
    'https://example.app/' || n || '.jpg', case when n % 100 <> 1 then md5('t' || n)::uuid::text end,
    case when n % 5 = 0 then 'Task ' || md5('t' || n)::uuid || ' failed after ' || n % 60 || ' s: '
        || (array['INTERNAL', 'moderated', 'bad image', 'no credits'])[1 + n % 4] end,
    case when n % 5 <> 0 then 'https://example.app/' || n || '.mp4' end
from (select n, now() - interval '1 second' * (n * {days} * 86400.0 / {videos}) as at
      from generate_series(1, {videos}) n) s;
insert into dailies.log_entries (key, at, request_id, video_id, task_id, level, message, path, deployment_id)
select lpad(to_hex(n::bigint * 16 + i), 32, '0')::uuid, v.at + interval '1 second' * i, 'req-' || n,
    case when i in (1, 3, 9) then md5('v' || n)::uuid end, case when i = 5 then md5('t' || n)::uuid::text end,
    'info', '[Video Generation] stage ' || i || ' of the flow, with text as long as usual: ' || md5(n::text),
    '/api/videos/generate', 'dpl_' || n / 5000
from (select n, now() - interval '1 second' * (n * {days} * 86400.0 / {videos}) as at
      from generate_series(1, {videos}) n) v, generate_series(1, 10) i;
insert into dailies.requests (request_id, at, method, path, status_code, duration_ms, deployment_id)
select 'req-' || n, now(), 'POST', '/api/videos/generate', 200, 900, 'dpl_' || n / 5000
from generate_series(1, {videos}) n;
insert into dailies.verdicts (
    video_id, created_at, cause, confidence, action, stuck, flow, first_missing, stages, pattern,
    recoverable_runway_id, deployment_id, id_at, finished_at, word)
select v.id, v.created_at,
    case v.status when 'succeeded' then 'succeeded' when 'processing' then 'task_id_not_saved'
        else (array['generation_failed', 'moderated', 'asset_rejected', 'missing_api_key'])
             [1 + length(v.error_message) % 4] end,
    'certain', 'none', v.status = 'processing', 'sync-sdk', case when v.status = 'processing' then 'saved' end,
    (select jsonb_agg(jsonb_build_object('stage', 'stage' || i, 'state', 'seen', 'at', v.created_at))
     from generate_series(1, 14) i),
    (select string_agg('stage' || i || case when v.status = 'processing' and i > 12 then ':missing' else ':seen' end, ' ')
     from generate_series(1, 14) i),
    case when v.status = 'processing' and left(v.id::text, 1) in ('0', '1', '2', '3', '4') then v.id::text end,
    'dpl_' || (extract(epoch from v.created_at) / 86400)::int, v.created_at + interval '1 second' * (2 + 6 * random() * random()),
    case when v.status = 'succeeded' then v.updated_at end, v.status
from public.videos v;
update dailies.verdicts d set error_group = dailies.group_of(v.error_message)
from public.videos v where v.id = d.video_id and (v.error_message is not null or d.stuck);
insert into dailies.tasks (task_id, video_id, status, credits, created_at, checked_at, delivered)
select v.runway_video_id, v.id, upper(v.status), 25, v.created_at, v.created_at, v.status = 'succeeded'
from public.videos v where v.runway_video_id is not null;
delete from dailies.dirty;
alter table public.videos enable trigger user;
alter table dailies.log_entries enable trigger user;
alter table dailies.requests enable trigger user;
alter table dailies.tasks enable trigger user;
alter table dailies.verdicts enable trigger user;
delete from dailies.counted;
drop index dailies.searched_anywhere;
insert into dailies.searched (video_id, words)
select v.id, concat_ws(e'\n', v.id, v.runway_video_id, v.prompt, v.error_message) from public.videos v;
