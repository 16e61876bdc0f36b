using System.Collections.Concurrent;

namespace XCron.Daemon.Tests.Soak;

/// <summary>All tasks of a soak by their keys. Thread-safe.</summary>
internal sealed class TaskStories
{
    private readonly ConcurrentDictionary<string, TaskStory> _byKey = new();
    private readonly ConcurrentBag<string> _strangers = [];

    public ICollection<TaskStory> All => _byKey.Values;

    /// <summary>Callbacks that name no task of this soak.</summary>
    public IReadOnlyCollection<string> Strangers => _strangers;

    public void Add(TaskStory story) => _byKey[story.Key] = story;

    public void Called(string key, TaskCall call)
    {
        if (!_byKey.TryGetValue(key, out var story))
        {
            _strangers.Add(key);
            return;
        }

        lock (story)
            story.Calls.Add(call);
    }
}
