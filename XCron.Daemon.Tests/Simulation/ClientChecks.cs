namespace XCron.Daemon.Tests.Simulation;

/// <summary>Whether what clients were told agrees with the log: acknowledged is there, refused is not.</summary>
internal sealed class ClientChecks(
    IReadOnlyList<ClientOperation> operations, IReadOnlyList<TaskChronicle> tasks, Action<string> wrong)
{
    public void Check()
    {
        var byStory = tasks.ToLookup(static task => task.Story);
        foreach (var story in operations.GroupBy(static operation => operation.Story))
        {
            var mine = byStory[story.Key].ToArray();
            var creates = story.Where(static operation => operation.Call == "createTask").ToArray();
            if (mine.Length > 0 && !creates.Any(static create => create.IsAcknowledged || create.IsInDoubt))
                wrong($"story {story.Key} was refused and yet created: {creates[0]}");
            var isDeleted = mine.Any(static task => task.Log[^1].Kind is LogKind.Delete or LogKind.Sweep);
            if (mine.Length > 1 && !isDeleted && mine[0].FirstDefinition.Name.Length > 0)
                wrong($"{mine.Length} tasks under the name {mine[0].FirstDefinition.Name}");
            foreach (var operation in story)
                CheckOne(operation, mine, creates);
        }
    }

    private void CheckOne(ClientOperation operation, TaskChronicle[] mine, ClientOperation[] creates)
    {
        switch (operation.Call)
        {
            case "createTask" when operation.IsAcknowledged:
                var created = mine.FirstOrDefault(task => task.Id == operation.TaskId);
                if (created is null || created.Created.AtMs > operation.EndedMs)
                    wrong($"acknowledged and not in the log: {operation}");
                break;
            case "deleteTask" when operation.IsAcknowledged:
                Require(operation, mine, LogKind.Delete);
                break;
            case "pauseTask" when operation.IsAcknowledged:
                Require(operation, mine, LogKind.Pause);
                break;
            case "resumeTask" when operation.IsAcknowledged:
                Require(operation, mine, LogKind.Resume);
                break;
            case "runTask" when operation.IsAcknowledged:
                Require(operation, mine, LogKind.Run);
                break;
            case "createTask":
                break;
            default:
                CheckFound(operation, mine, creates);
                break;
        }
    }

    private void Require(ClientOperation operation, TaskChronicle[] mine, LogKind kind)
    {
        var isThere = mine.Any(task => task.Log.Exists(happened =>
            happened.Kind == kind && happened.AtMs >= operation.InvokedMs && happened.AtMs <= operation.EndedMs));
        if (!isThere)
            wrong($"acknowledged and not in the log: {operation}");
    }

    /// <summary>A task that was acknowledged before is found on every node, and one that is gone is not.</summary>
    private void CheckFound(ClientOperation operation, TaskChronicle[] mine, ClientOperation[] creates)
    {
        var wasTold = creates.Any(create => create.IsAcknowledged && create.EndedMs < operation.InvokedMs);
        if (operation.Code == 1030 && wasTold && mine.All(task => task.GoneMs > operation.EndedMs))
            wrong($"not found although it is there: {operation}");
        var isGone = mine.All(task => task.GoneMs < operation.InvokedMs) && mine.Length > 0;
        var isToldOfEnd = operations.Any(delete => delete.Call == "deleteTask" && delete.Story == operation.Story
            && delete.IsAcknowledged && delete.EndedMs < operation.InvokedMs);
        if (operation.IsAcknowledged && operation.Call.StartsWith("queryTask", StringComparison.Ordinal)
            && isGone && isToldOfEnd)
            wrong($"found although it was deleted: {operation}");
    }
}
