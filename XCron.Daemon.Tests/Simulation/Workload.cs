namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Clients that create tasks and later delete, pause, resume, update, run and query them; deletes race the due times,
/// and creates under a name are repeated until their outcome is known.
/// </summary>
internal sealed class Workload(SimulationPlan plan, SimulationWorld world)
{
    private const int MostCreates = 8;

    private readonly StoryTeller _teller = new(plan, world);
    private readonly SimulatedClient _client = new(world);
    private readonly List<TaskStory> _stories = [];

    private Random Random => world.Random;

    private long UnitMs => plan.IsLong ? 3_600_000 : 1000;

    public void Begin()
    {
        for (var i = 0; i < plan.Tasks; i++)
            world.Agenda.After(Random.NextInt64(plan.LengthMs * 6 / 10), CreateNext);
        var meddlings = plan.Tasks / 2;
        for (var i = 0; i < meddlings; i++)
            world.Agenda.After(Random.NextInt64(plan.LengthMs * 9 / 10), Meddle);
    }

    private void CreateNext()
    {
        var way = Random.Next(12);
        var isImport = way == 0;
        var isMany = way <= 1;
        TaskStory[] stories = [.. Enumerable.Range(0, isMany ? Random.Next(1, 5) : 1)
            .Select(_ => _teller.Next(isImport))];
        _stories.AddRange(stories);
        if (isMany)
            CreateMany(stories);
        else
            Create(stories[0], 1);
        foreach (var story in stories)
        {
            // An import that comes late would bring back what was deleted meanwhile.
            if (Random.Next(4) == 0 && !isImport)
                DeleteNear(story);
        }
    }

    private void CreateMany(TaskStory[] stories)
    {
        var byNumber = stories.ToDictionary(static story => story.Number);
        var operations = _client.CreateMany(
            stories, stories[0].IsImported, ended => CreateEnded(byNumber[ended.Story], ended, 1));
        for (var place = 0; place < stories.Length; place++)
            CreateBegun(stories[place], operations?[place], 1);
    }

    private void Create(TaskStory story, int tries)
    {
        var operation = story.IsImported
            ? _client.CreateMany([story], isImport: true, ended => CreateEnded(story, ended, tries))?[0]
            : _client.Ask(
                "createTask", story.Number, story.CreateBody(), ended => CreateEnded(story, ended, tries));
        CreateBegun(story, operation, tries);
    }

    private void CreateBegun(TaskStory story, ClientOperation? operation, int tries)
    {
        if (operation is null)
            CreateAgain(story, tries);
        else
            world.Agenda.After(2 * (long)world.Timeouts.Request.TotalMilliseconds, AgainUnlessAnswered);

        void AgainUnlessAnswered()
        {
            if (operation.Code is null)
                CreateAgain(story, tries);
        }
    }

    private void CreateEnded(TaskStory story, ClientOperation ended, int tries)
    {
        if (ended.IsAcknowledged)
            story.Id = ended.TaskId;
        else if (ended.Code == 1050)
            CreateAgain(story, tries);
    }

    private void CreateAgain(TaskStory story, int tries)
    {
        var mayRepeat = story.Name.Length > 0 || story.IsImported;
        if (mayRepeat && tries < MostCreates && !story.IsDeleteAsked)
            world.Agenda.After(Random.NextInt64(3 * UnitMs) + 1, () => Create(story, tries + 1));
    }

    /// <summary>
    /// Around its due time where it has one, else some time later; asked for again until it is answered.
    /// </summary>
    private void DeleteNear(TaskStory story)
    {
        var waitMs = story.DueMs != 0 && Random.Next(3) > 0
            ? story.DueMs - world.History.NowMs + Random.NextInt64(-50, 50)
            : Random.NextInt64(1, 100 * UnitMs);
        world.Agenda.After(Math.Max(1, waitMs), () => Delete(story, 1));
    }

    private void Delete(TaskStory story, int tries)
    {
        story.IsDeleteAsked = true;
        if (!story.IsKnown || tries > 5)
            return;
        var operation = _client.Ask("deleteTask", story.Number, $"{{{story.Key}}}", ended =>
        {
            if (ended.Code == 1050)
                world.Agenda.After(Random.NextInt64(UnitMs) + 1, () => Delete(story, tries + 1));
        });
        if (operation is null)
            world.Agenda.After(UnitMs, () => Delete(story, tries + 1));
    }

    private void Meddle()
    {
        var known = _stories.FindAll(static story => story.IsKnown && !story.IsDeleteAsked);
        if (known.Count == 0)
            return;

        var story = known[Random.Next(known.Count)];
        switch (Random.Next(6))
        {
            case 0:
                Ask(story, "pauseTask", "");
                world.Agenda.After(Random.NextInt64(40 * UnitMs), () => Ask(story, "resumeTask", ""));
                break;
            case 1:
                Ask(story, "runTask", "");
                break;
            case 2 when story.IsPeriodic:
                Ask(story, "updateTask", "," + _teller.NewSchedule());
                break;
            case 3 when story.IsPeriodic:
                Ask(story, "updateTask", $",\"max_runs\":{Random.Next(20, 60)}");
                break;
            default:
                _client.Ask("queryTask?" + story.KeyQuery, story.Number, "", static _ => { });
                break;
        }
    }

    private void Ask(TaskStory story, string call, string more)
    {
        if (!story.IsDeleteAsked)
            _client.Ask(call, story.Number, $"{{{story.Key}{more}}}", static _ => { });
    }
}
