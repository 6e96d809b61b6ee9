-- Functions of earlier versions that nothing calls any more.

drop function if exists public.dailies_queue(int);
drop function if exists public.dailies_open_attempts();
drop function if exists dailies.has_job(jsonb);
drop function if exists dailies.hand_back(bigint[]);
