using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Presence;

/// <summary>Two relays and a channel's owners, over links that lose, double and delay, with relays that fail and owners that change.</summary>
public sealed class MemberReportsProperties
{
    private static readonly ChannelName X = ChannelName.Broadcast("x");

    [Fact]
    public void The_owner_ends_with_exactly_those_who_are_there_and_tells_of_each_once() => Interleavings.Check(6000, 200, choices =>
    {
        var world = new World(choices);
        while (!choices.AreOver) world.Step();
        world.Settle();
        world.Check();
    });

    private sealed class World(Choices choices)
    {
        private static readonly HashSet<string> Living = ["a", "b"];

        private readonly Node[] _nodes = [new("a"), new("b")];
        private readonly List<(int Owner, ReportPresence Report)> _toOwner = [];
        private readonly List<(int Owner, string Relay, long Number, bool Taken)> _toRelay = [];
        private readonly List<MemberChange> _told = [];
        private Members _members = new();
        private RelayReports _reports = null!;
        private int _owner;
        private int _clients;
        private int _relays;
        private TimeSpan _now = TimeSpan.FromSeconds(100);

        public void Step()
        {
            if (_reports is null) ChangeOwner();
            var node = _nodes[choices.Next(2)];
            switch (choices.Next(14))
            {
                case 0 or 1 or 2: Come(node); break;
                case 3: Go(node); break;
                case 4 or 5: Report(node); break;
                case 6: Again(node); break;
                case 7: Lose(_toOwner); break;
                case 8: Lose(_toRelay); break;
                case 9: Double(); break;
                case 10 when choices.Once(3): ChangeOwner(); break;
                case 11 when choices.Once(3): FailRelay(node); break;
                case 12: AtRelay(choices.Next(Math.Max(1, _toRelay.Count))); break;
                default: AtOwner(choices.Next(Math.Max(1, _toOwner.Count))); break;
            }
        }

        public void Settle()
        {
            if (_reports is null) ChangeOwner();
            for (var round = 0; round < 1000; round++)
            {
                while (_toOwner.Count > 0) AtOwner(0);
                while (_toRelay.Count > 0) AtRelay(0);
                if (_nodes.All(node => node.Owner == _owner && node.Reports.IsIdle)) break;

                foreach (var node in _nodes)
                {
                    if (node.Owner != _owner) Attach(node);
                    Report(node);
                    Again(node);
                }
            }

            Assert.All(_nodes, node => Assert.True(node.Reports.IsIdle, "it never comes to rest"));
            _now += TimeSpan.FromMinutes(1);
            _members.Expire(Living, _now - TimeSpan.FromSeconds(10), _told);
        }

        public void Check()
        {
            Assert.True(_members.IsExact);
            Assert.Equal(_nodes.SelectMany(node => node.Clients.Keys).Order(), _members.AllClients.Order());
            Assert.Equal(_members.Clients, _members.Users);
            foreach (var told in _told.GroupBy(change => change.Member.Client))
            {
                // Comes, goes: never twice the same. A client that has gone does not come back.
                Assert.InRange(told.Count(), 1, 2);
                Assert.Equal([true, false], told.Select(change => change.Joins).Concat([false]).Take(2));
            }

            Assert.Equal(_members.AllClients.Order(), _told.GroupBy(change => change.Member.Client).Where(told => told.Count() == 1).Select(told => told.Key).Order());
        }

        private void Come(Node node)
        {
            var client = new ClientInfo($"u{_clients}", $"c{_clients++}", default, default);
            choices.Step($"{client.Client} comes at {node.Name}");
            node.Clients[client.Client] = client;
            node.Reports.Join(client);
        }

        private void Go(Node node)
        {
            if (node.Clients.Count == 0) return;

            var client = node.Clients.Values.ElementAt(choices.Next(node.Clients.Count));
            choices.Step($"{client.Client} goes");
            node.Clients.Remove(client.Client);
            node.Reports.Leave(client);
        }

        private void Report(Node node)
        {
            if (node.Owner != _owner)
            {
                Attach(node);
                return;
            }

            if (node.Reports.Next() is { } batch) Send(node, batch);
        }

        private void Again(Node node)
        {
            if (node.Owner == _owner && node.Reports.Again() is { } batch) Send(node, batch);
        }

        private void Send(Node node, MemberBatch batch)
        {
            choices.Step($"{node.Relay} sends {batch.Number} {(batch.Begins ? "begins " : "")}{(batch.IsWhole ? "whole " : "")}{Person.Show(batch.Changes)}");
            _toOwner.Add((node.Owner, new ReportPresence(X, node.Relay, node.Name, batch.Number, batch.Begins, batch.IsWhole, batch.Returns, batch.Wants, batch.Changes)));
        }

        private void AtOwner(int place)
        {
            if (place >= _toOwner.Count) return;

            var (owner, report) = _toOwner[place];
            _toOwner.RemoveAt(place);

            // The owner's channel lets through only relays that are attached.
            var node = _nodes.FirstOrDefault(node => node.Relay == report.Relay);
            if (owner != _owner || node is null || node.Owner != _owner) return;

            var taken = _reports.Take(report, _now, _told);
            choices.Step($"the owner {(taken ? "takes" : "refuses")} {report.Relay} {report.Number}");
            _toRelay.Add((owner, report.Relay, report.Number, taken));
        }

        private void AtRelay(int place)
        {
            if (place >= _toRelay.Count) return;

            var (owner, relay, number, taken) = _toRelay[place];
            _toRelay.RemoveAt(place);
            if (_nodes.FirstOrDefault(node => node.Relay == relay) is not { } node || node.Owner != owner) return;

            choices.Step($"{relay} hears of {number}");
            if (taken) node.Reports.Taken(number);
            else node.Reports.StartOver();
        }

        /// <summary>It has heard that its owner is gone, and of the next one.</summary>
        private void Attach(Node node)
        {
            choices.Step($"{node.Relay} attaches to {_owner}");
            node.Reports.StartOver();
            node.Owner = _owner;
        }

        /// <summary>The former one has written all that it has told.</summary>
        private void ChangeOwner()
        {
            choices.Step($"owner {_owner + 1}");
            var former = _members;
            _members = new Members();
            _reports = new RelayReports(_members) { KnowsFormer = true };
            foreach (var client in former.AllClients)
            {
                var (member, relay, node) = former.Find(client)!.Value;
                _members.Know(member, relay, node, _now);
            }

            _owner++;
        }

        /// <summary>Its clients join another one.</summary>
        private void FailRelay(Node node)
        {
            choices.Step($"{node.Relay} fails");
            if (node.Owner == _owner) _reports.Lose(node.Relay, _now);
            node.Relay = $"{node.Name}{++_relays}";
            node.Reports = new MemberReports();
            node.Owner = 0;
            foreach (var client in node.Clients.Values) node.Reports.Join(client);
        }

        private void Lose<T>(List<T> link)
        {
            if (link.Count > 0) link.RemoveAt(choices.Next(link.Count));
        }

        private void Double()
        {
            if (_toOwner.Count > 0) _toOwner.Add(_toOwner[choices.Next(_toOwner.Count)]);
        }
    }

    private sealed class Node(string name)
    {
        public string Name { get; } = name;

        public string Relay { get; set; } = name;

        public Dictionary<string, ClientInfo> Clients { get; } = [];

        public MemberReports Reports { get; set; } = new();

        /// <summary>To whom it is attached.</summary>
        public int Owner { get; set; }
    }
}
