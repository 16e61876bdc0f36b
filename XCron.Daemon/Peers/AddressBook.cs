using System.Collections.Immutable;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Where members were found that are not at their address in the log. The log decides: an entry is for that address
/// only, and is void once the log has another. Thread-safe.
/// </summary>
internal sealed class AddressBook
{
    // Replaced as a whole under the gate, read without.
    private volatile ImmutableDictionary<(NodeId Id, string Address), string> _found =
        ImmutableDictionary<(NodeId Id, string Address), string>.Empty;

    private readonly Lock _gate = new();

    /// <summary>Where to connect to a member.</summary>
    public string Of(Member member) => _found.GetValueOrDefault((member.Id, member.Address), member.Address);

    /// <summary>Where to connect to whoever the log has at this address.</summary>
    public string Of(string address)
    {
        foreach (var (known, found) in _found)
        {
            if (known.Address == address)
                return found;
        }

        return address;
    }

    /// <summary>Enters where a member answers, and drops what the log knows better. Whether it is news.</summary>
    public bool Found(Member member, string address, Membership membership)
    {
        lock (_gate)
        {
            if (Of(member) == address)
                return false;

            var current = _found.RemoveRange(
                _found.Keys.Where(known => membership.Find(known.Id)?.Address != known.Address));
            _found = member.Address == address
                ? current.Remove((member.Id, member.Address))
                : current.SetItem((member.Id, member.Address), address);
            return true;
        }
    }
}
