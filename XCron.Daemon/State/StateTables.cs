using XCron.Daemon.Commands;

namespace XCron.Daemon.State;

/// <summary>
/// All of the state, and the only way to change a record: here tasks, names and counters are kept in step and observers
/// told. Changed by the applier alone; the tables guard themselves for readers on other threads.
/// </summary>
internal sealed class StateTables(StateObservers observers)
{
    public TaskTable Tasks { get; } = new();

    public NameIndex Names { get; } = new();

    public TaskIdIndex Ids { get; } = new();

    public OwnerTable Owners { get; } = new();

    public CounterTally Counters { get; } = new();

    public StateObservers Observers => observers;

    /// <param name="record">Of a task with a new id.</param>
    /// <param name="name">Free, or empty for none.</param>
    public void Create(TaskRecord record, string name)
    {
        Load(record, name);
        Counters.CountCreated(record);
        observers.TaskChanged(record.Id, record);
    }

    /// <summary>Puts a record of a snapshot's in its place; its counters are the snapshot's too.</summary>
    public void Load(TaskRecord record, string name)
    {
        // The record before the name and the id: a reader who finds those finds the record.
        Tasks.Put(record);
        Ids.Add(record.Id);
        if (name.Length > 0)
            Names.Add(name, record.Id);
    }

    public void Change(TaskRecord before, TaskRecord after)
    {
        Tasks.Put(after);
        Counters.CountChanged(before, after);
        observers.TaskChanged(after.Id, after);
    }

    /// <summary>As <see cref="Change"/>, for a record whose definition has another name.</summary>
    /// <param name="before">The record as it is.</param>
    /// <param name="after">The record with the new definition.</param>
    /// <param name="name">The new name, which is free or is the task's own, or empty for none.</param>
    public void Rename(TaskRecord before, TaskRecord after, string name)
    {
        // A reader who finds one name while the record has the other sees by the record that it is not the task's.
        var oldName = DefinitionHead.NameOf(before.Definition);
        if (oldName != name)
        {
            if (oldName.Length > 0)
                Names.Remove(oldName);
            if (name.Length > 0)
                Names.Add(name, after.Id);
        }

        Change(before, after);
    }

    /// <summary>The record by its id or, where that is 0, by its name.</summary>
    public TaskRecord? Find(long id, string name)
    {
        if (id != 0)
            return Tasks.Find(new TaskId(id));
        return Names.Find(name) is { } named ? Tasks.Find(named) : null;
    }

    public void Delete(TaskRecord record)
    {
        Counters.CountDeleted(record);
        Remove(record);
    }

    /// <summary>Forgets a finished task.</summary>
    public void Sweep(TaskRecord record)
    {
        Counters.CountSwept(record);
        Remove(record);
    }

    private void Remove(TaskRecord record)
    {
        var name = DefinitionHead.NameOf(record.Definition);
        if (name.Length > 0)
            Names.Remove(name);
        Ids.Remove(record.Id);
        Tasks.Remove(record.Id);
        observers.TaskChanged(record.Id, null);
    }
}
