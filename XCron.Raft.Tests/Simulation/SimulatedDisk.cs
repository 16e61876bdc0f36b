using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A directory in memory that keeps apart what was synced and what was not, of files and of names, and can lose the
/// latter. Faults are armed one at a time. Not thread-safe.
/// </summary>
internal sealed class SimulatedDisk : IDisk
{
    private readonly List<NameChange> _unsyncedNames = [];
    private Dictionary<string, SimulatedDiskContent> _names = [];
    private Dictionary<string, SimulatedDiskContent> _durableNames = [];
    private (string Name, long Offset)? _misdirection;
    private bool _failSync;
    private bool _failDirectorySync;
    private bool _isReadOnly;
    private bool _failWrite;
    private bool _failRead;

    /// <summary>File syncs so far.</summary>
    public int Syncs { get; private set; }

    public int DirectorySyncs { get; private set; }

    public int Writes { get; private set; }

    public long BytesWritten { get; private set; }

    /// <summary>Everything that changes the disk, syncs included.</summary>
    public int Operations { get; private set; }

    /// <summary>The process dies instead of doing the operation with this number, and does none after it; null: never.
    /// </summary>
    public int? CrashAtOperation { get; set; }

    /// <summary>How many bytes all files may have together; null: any.</summary>
    public long? Capacity { get; set; }

    /// <summary>How many more bytes can be written, even over old ones (copy on write); null: any.</summary>
    public long? BytesUntilFull { get; set; }

    /// <summary>Writes are torn at any byte, not only between sectors of 512.</summary>
    public bool TearsAnywhere { get; set; }

    /// <summary>
    /// A directory could not be synced: its file system has given up its journal, and only a restart of the machine
    /// tells what it holds.
    /// </summary>
    public bool NeedsRestart => _isReadOnly;

    /// <summary>Rises with each crash: files opened before it cannot be used any more.</summary>
    public int Lives { get; private set; }

    public long FreeBytes => Math.Min(BytesUntilFull ?? long.MaxValue, (Capacity ?? long.MaxValue) - UsedBytes);

    private long UsedBytes => Capacity is null ? 0 : _names.Values.Sum(content => content.Length);

    public IReadOnlyList<string> List() => [.. _names.Keys.Where(static name => !name.Contains('/'))];

    public void MoveInto(string folder, string name) => Rename(name, $"{folder}/{name}");

    public IReadOnlyList<string> Folders() =>
        [.. _names.Keys.Where(static name => name.Contains('/')).Select(static name => name.Split('/')[0]).Distinct()];

    public bool Exists(string name) => _names.ContainsKey(name);

    public IDiskFile Open(string name) => new SimulatedDiskFile(this, Find(name), name);

    public IDiskFile Create(string name)
    {
        Count();
        if (_names.ContainsKey(name))
            throw new IOException($"{name} exists.");

        var content = new SimulatedDiskContent();
        Change(new(null, name, content));
        return new SimulatedDiskFile(this, content, name);
    }

    public void Rename(string from, string to)
    {
        Count();
        Change(new(from, to, Find(from)));
    }

    public void Delete(string name)
    {
        Count();
        _ = Find(name);
        Change(new(name, null, null));
    }

    public void SyncDirectory()
    {
        Count();
        DirectorySyncs++;
        _isReadOnly |= Take(ref _failDirectorySync);
        if (_isReadOnly)
            throw new IOException("EIO of the directory");

        if (_unsyncedNames.Count > 0)
            _durableNames = new(_names);
        _unsyncedNames.Clear();
    }

    /// <summary>
    /// The machine loses power: of what was not synced, a random part is on disk, torn; all open files are void.
    /// </summary>
    public void Crash(Random random)
    {
        var chance = random.Next(4);
        foreach (var change in _unsyncedNames)
        {
            if (chance == 0 || (chance > 1 && random.Next(2) == 0))
                change.Apply(_durableNames);
        }

        var seen = new HashSet<SimulatedDiskContent>();
        foreach (var (name, content) in _durableNames.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToArray())
        {
            // A rename of which only the new name arrived leaves two names; from now on they are two files.
            if (!seen.Add(content))
                _durableNames[name] = content.Clone();
            else
                content.Crash(random, TearsAnywhere);
        }

        _unsyncedNames.Clear();
        _names = new(_durableNames);
        _isReadOnly = false;
        Restart();
    }

    /// <summary>The process is killed and the machine goes on: nothing is lost, and nothing synced by it.</summary>
    public void Kill() => Restart();

    /// <summary>A disk of its own in the same state, without the armed faults.</summary>
    public SimulatedDisk Fork()
    {
        var copies = new Dictionary<SimulatedDiskContent, SimulatedDiskContent>();
        var fork = new SimulatedDisk { TearsAnywhere = TearsAnywhere };
        foreach (var (name, content) in _names)
            fork._names.Add(name, CopyOf(content));
        foreach (var (name, content) in _durableNames)
            fork._durableNames.Add(name, CopyOf(content));
        foreach (var change in _unsyncedNames)
        {
            var content = change.Content is null ? null : CopyOf(change.Content);
            fork._unsyncedNames.Add(change with { Content = content });
        }

        return fork;

        SimulatedDiskContent CopyOf(SimulatedDiskContent content)
        {
            if (!copies.TryGetValue(content, out var copy))
                copies.Add(content, copy = content.Clone());
            return copy;
        }
    }

    /// <summary>The next sync of a file fails, and what it should have made durable never will be.</summary>
    public void FailNextSync() => _failSync = true;

    public void FailNextDirectorySync() => _failDirectorySync = true;

    public void FailNextWrite() => _failWrite = true;

    public void FailNextRead() => _failRead = true;

    /// <summary>Nothing that was armed and has not happened happens.</summary>
    public void Disarm()
    {
        CrashAtOperation = null;
        _failSync = _failDirectorySync = _failWrite = _failRead = false;
        _misdirection = null;
    }

    /// <summary>The next write lands elsewhere, as if it had been meant for there.</summary>
    public void MisdirectNextWrite(string name, long offset) => _misdirection = (name, offset);

    /// <summary>The medium decays: one bit, in the cache and on disk.</summary>
    public void FlipBit(string name, long offset, int bit = 0) => Find(name).FlipBit(offset, bit);

    /// <summary>The medium has other bytes than were written, in the cache and on disk.</summary>
    public void Overwrite(string name, long offset, ReadOnlySpan<byte> bytes) => Find(name).Overwrite(offset, bytes);

    public byte[] ReadAll(string name) => Find(name).ToArray();

    /// <summary>Puts a whole file in place, durable, as an operator would.</summary>
    public void Put(string name, ReadOnlySpan<byte> bytes)
    {
        var content = new SimulatedDiskContent();
        content.Overwrite(0, bytes);
        _names[name] = content;
        _durableNames[name] = content;
    }

    /// <summary>Takes a file away, durably, as an operator would.</summary>
    public void Remove(string name)
    {
        _names.Remove(name);
        _durableNames.Remove(name);
    }

    internal int Read(SimulatedDiskContent content, long offset, Span<byte> buffer)
    {
        if (Take(ref _failRead))
            throw new IOException("EIO on read");

        return content.Read(offset, buffer);
    }

    internal void Write(SimulatedDiskContent content, string name, long offset, ReadOnlySpan<byte> bytes)
    {
        Count();
        Writes++;
        if (Take(ref _failWrite))
            throw new IOException("EIO on write");

        if (_misdirection is { } elsewhere)
        {
            _misdirection = null;
            Find(elsewhere.Name).Write(elsewhere.Offset, bytes);
            return;
        }

        var room = bytes.Length;
        if (BytesUntilFull is { } left)
            room = (int)Math.Min(room, left);
        if (Capacity is { } capacity)
            room = (int)Math.Min(room, Math.Max(0, content.Length - offset) + Math.Max(0, capacity - UsedBytes));
        content.Write(offset, bytes[..room]);
        BytesWritten += room;
        BytesUntilFull -= room;
        if (room < bytes.Length)
            throw new DiskFullException(name);
    }

    internal void SetLength(SimulatedDiskContent content, long length)
    {
        Count();
        content.SetLength(length);
    }

    internal void Sync(SimulatedDiskContent content)
    {
        Count();
        Syncs++;
        if (Take(ref _failSync))
        {
            content.LoseUnsynced();
            throw new IOException("EIO on sync");
        }

        content.Sync();
    }

    private static bool Take(ref bool armed)
    {
        var was = armed;
        armed = false;
        return was;
    }

    private void Restart()
    {
        Lives++;
        Disarm();
    }

    private void Count()
    {
        Operations++;
        if (Operations >= CrashAtOperation)
            throw new SimulatedDiskCrash(Operations);
    }

    private void Change(NameChange change)
    {
        change.Apply(_names);
        _unsyncedNames.Add(change);
    }

    private SimulatedDiskContent Find(string name) => _names.TryGetValue(name, out var content)
        ? content
        : throw new FileNotFoundException($"There is no file {name}.");

    /// <summary>One step of the directory: a name gone, a name there, or both at once.</summary>
    private readonly record struct NameChange(string? Gone, string? There, SimulatedDiskContent? Content)
    {
        public void Apply(Dictionary<string, SimulatedDiskContent> names)
        {
            if (Gone is not null)
                names.Remove(Gone);
            if (There is not null)
                names[There] = Content!;
        }
    }
}
